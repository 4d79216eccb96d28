package dev.ktstr;

import org.jspecify.annotations.Nullable;

/** A variable or setting that cannot be used as it is. */
public final class EnvironmentException extends KtstrException {
    private static final long serialVersionUID = 1L;

    public EnvironmentException(ErrorCode code, String problem, String remedy, @Nullable Throwable cause) {
        super(code, problem, null, remedy, cause);
    }
}
