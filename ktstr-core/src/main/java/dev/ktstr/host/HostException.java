package dev.ktstr.host;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** This machine has not what was to be reserved. */
public final class HostException extends KtstrException {
    private static final long serialVersionUID = 1L;

    HostException(ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
