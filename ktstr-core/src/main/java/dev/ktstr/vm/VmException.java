package dev.ktstr.vm;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A virtual machine cannot be started, or its guest did not come to run the command. */
public final class VmException extends KtstrException {
    private static final long serialVersionUID = 1L;

    VmException(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        this(code, problem, path, remedy, null);
    }

    /** There is no such machine as is described. */
    static VmException spec(String what, String why, String remedy) {
        return new VmException(
                ErrorCode.VM_SPEC,
                "describing a virtual machine: its " + what + " cannot be used: " + why,
                null,
                remedy);
    }

    VmException(ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(code, problem, path, remedy, cause);
    }
}
