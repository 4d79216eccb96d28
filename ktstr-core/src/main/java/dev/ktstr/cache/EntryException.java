package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.os.FileFailures;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** An entry that was asked for is not there, or is damaged. */
public final class EntryException extends KtstrException {
    private static final long serialVersionUID = 1L;

    EntryException(ErrorCode code, String problem, Path path, String remedy) {
        super(code, problem, path, remedy, null);
    }

    static EntryException damaged(String key, Path directory, String why) {
        return new EntryException(
                ErrorCode.ENTRY_DAMAGED,
                "using kernel " + key + ": " + why,
                directory,
                "if it can be read and is damaged, remove it (mvn ktstr:kernel-clean -Dktstr.key=" + key
                        + ") and store it again");
    }

    /** What the JDK says of a file, as one of ours. */
    static EntryException ofTheDisk(String doing, FileSystemException failure, Path root) {
        return new EntryException(
                ErrorCode.OS_CALL,
                doing + ": " + FileFailures.describe(failure),
                root,
                "check that the cache is a directory where you may write and has space left, or point KTSTR_CACHE_DIR (or"
                        + " -Dktstr.cacheDir) at one that is");
    }
}
