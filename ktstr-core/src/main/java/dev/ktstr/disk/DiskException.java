package dev.ktstr.disk;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A disk or a template cannot be made. */
public final class DiskException extends KtstrException {
    private static final long serialVersionUID = 1L;

    DiskException(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        this(code, problem, path, remedy, null);
    }

    /** Also for formatters of other packages. */
    public DiskException(
            ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
