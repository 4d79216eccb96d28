package dev.ktstr.os;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import org.jspecify.annotations.Nullable;

/** This machine, or this JVM's settings, do not let ktstr call the C library. */
public final class NativeAccessException extends KtstrException {
    private static final long serialVersionUID = 1L;

    NativeAccessException(ErrorCode code, String problem, String remedy, @Nullable Throwable cause) {
        super(code, problem, null, remedy, cause);
    }
}
