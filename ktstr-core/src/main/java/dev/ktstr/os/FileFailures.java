package dev.ktstr.os;

import dev.ktstr.KtstrException;
import java.io.IOException;
import java.nio.file.FileSystemException;

/** What fails in file calls, ours and the JDK's. */
public final class FileFailures {
    private FileFailures() {}

    /** In one line, which file it was, and why: a message of the JDK's may be no more than its name, one of ours has several lines. */
    public static String describe(IOException failure) {
        if (failure instanceof KtstrException known) {
            return known.problem();
        }
        if (failure instanceof FileSystemException file) {
            String why = file.getReason() != null
                    ? file.getReason()
                    : file.getClass().getSimpleName().replaceAll("Exception$", "");
            return file.getFile() + ": " + why;
        }
        return failure.toString();
    }
}
