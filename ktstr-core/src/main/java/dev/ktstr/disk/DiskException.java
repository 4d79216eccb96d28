package dev.ktstr.disk;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.os.FileFailures;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A disk or a template cannot be made. */
public final class DiskException extends KtstrException {
    private static final long serialVersionUID = 1L;

    DiskException(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        this(code, problem, path, remedy, null);
    }

    /** What the JDK says of a file, as one of ours. */
    static DiskException ofTheDisk(String doing, FileSystemException failure, Path root) {
        return new DiskException(
                ErrorCode.OS_CALL,
                doing + ": " + FileFailures.describe(failure),
                root,
                "check that the directory of templates is one where you may write and has space left, or point"
                        + " KTSTR_CACHE_DIR (or -Dktstr.cacheDir) at one that is",
                failure);
    }

    /** Also for formatters of other packages. */
    public DiskException(
            ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
