package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A test cannot run as it is declared or set. */
final class TestException extends KtstrException {
    private static final long serialVersionUID = 1L;

    TestException(ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
