package dev.ktstr.os;

import java.nio.file.FileSystemException;

/** What fails in the JDK's file calls. */
public final class FileFailures {
    private FileFailures() {}

    /** Which file it was, and why: the JDK's own message may be no more than its name. */
    public static String describe(FileSystemException failure) {
        String why = failure.getReason() != null
                ? failure.getReason()
                : failure.getClass().getSimpleName().replaceAll("Exception$", "");
        return failure.getFile() + ": " + why;
    }
}
