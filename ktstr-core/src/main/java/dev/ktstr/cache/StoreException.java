package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What was given cannot be stored, or storing it failed. What was stored before is still there. */
public final class StoreException extends KtstrException {
    private static final long serialVersionUID = 1L;

    StoreException(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        this(code, problem, path, remedy, null);
    }

    StoreException(ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
