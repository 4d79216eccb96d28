package dev.ktstr.maven.packages;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A package that cannot or must not be used. */
final class PackageException extends KtstrException {
    private static final long serialVersionUID = 1L;

    PackageException(ErrorCode code, String problem, Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
