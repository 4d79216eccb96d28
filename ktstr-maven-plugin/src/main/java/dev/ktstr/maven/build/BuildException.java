package dev.ktstr.maven.build;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A kernel that cannot be built, or not as it was asked for. */
final class BuildException extends KtstrException {
    private static final long serialVersionUID = 1L;

    BuildException(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        this(code, problem, path, remedy, null);
    }

    BuildException(ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
