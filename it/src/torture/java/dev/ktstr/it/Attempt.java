package dev.ktstr.it;

import dev.ktstr.KtstrException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a call on a store came to.
 *
 * @param value what it said; null if it failed
 * @param failure why it failed; null if it did not
 */
record Attempt(
        String what, @Nullable String value, @Nullable Throwable failure) {
    /** A call on a store. */
    interface Call {
        /** Comes back with a word about it. */
        String run() throws IOException;
    }

    static Attempt of(String what, Call call) {
        try {
            return new Attempt(what, call.run(), null);
        } catch (IOException | RuntimeException | AssertionError failed) {
            return new Attempt(what, null, failed);
        }
    }

    boolean succeeded() {
        return failure == null;
    }

    /** Whether the user can read what is wrong and what to do, under a code, or in the report of a clean. */
    boolean isClear() {
        return failure == null || failure instanceof KtstrException || failure instanceof StoreUser.NotRemovedException;
    }

    /** Its failure and all behind it, in one line. */
    String describe() {
        StringBuilder text = new StringBuilder(what);
        for (Throwable each = failure; each != null; each = each.getCause()) {
            text.append(": ").append(String.valueOf(each).replaceAll("\\s+", " "));
        }
        return failure == null ? text + " said " + value : text.toString();
    }
}
