package dev.ktstr.lock;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;

/** The thread was interrupted while it waited for a lock. Its interrupt flag is set again. */
public final class LockInterruptedException extends KtstrException {
    private static final long serialVersionUID = 1L;

    LockInterruptedException(String what, Path lockFile, InterruptedException cause) {
        super(
                ErrorCode.LOCK_INTERRUPTED,
                "waiting for " + what + ": the thread was interrupted",
                lockFile,
                "nothing was changed; try again when you are ready to wait",
                cause);
    }
}
