package dev.ktstr.lock;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The lock cannot be taken, however long one waits: the file system does not do {@code flock}, or the lock file is
 * absent and cannot be created.
 */
public final class LockUnavailableException extends KtstrException {
    private static final long serialVersionUID = 1L;

    LockUnavailableException(ErrorCode code, String problem, Path lockFile, String remedy, @Nullable Throwable cause) {
        super(code, problem, lockFile, remedy, cause);
    }
}
