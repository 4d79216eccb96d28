package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;

/** A key that cannot name an entry. Nothing has been touched. */
public final class InvalidKeyException extends KtstrException {
    private static final long serialVersionUID = 1L;

    InvalidKeyException(String key, String why) {
        super(
                ErrorCode.KEY_INVALID,
                "using \"" + key + "\" as a cache key: " + why,
                null,
                "use a plain name such as 6.14.2-files-x86_64, or leave the key out and let ktstr derive one",
                null);
    }
}
