package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;

/** An entry that was asked for is not there, or is damaged. */
public final class EntryException extends KtstrException {
    private static final long serialVersionUID = 1L;

    EntryException(ErrorCode code, String problem, Path path, String remedy) {
        super(code, problem, path, remedy, null);
    }

    static EntryException damaged(String key, Path directory, String why) {
        return new EntryException(
                ErrorCode.ENTRY_DAMAGED,
                "using kernel " + key + ": " + why,
                directory,
                "if it can be read and is damaged, remove it (mvn ktstr:kernel-clean -Dktstr.key=" + key
                        + ") and store it again");
    }
}
