package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A goal that was asked for something it cannot do, or that found what it looks for. */
final class GoalException extends KtstrException {
    private static final long serialVersionUID = 1L;

    GoalException(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        super(code, problem, path, remedy, null);
    }
}
