package dev.ktstr.event;

import dev.ktstr.Durations;
import java.nio.file.Path;
import java.time.Duration;

/** Something worth telling. {@link #message()} is one readable sentence. */
public sealed interface KtstrEvent {
    String message();

    /** Whether the user should see it, whatever else is shown. */
    default boolean isWarning() {
        return false;
    }

    /**
     * A lock is held by someone else, and we wait for it.
     *
     * @param what the thing that is locked, such as {@code cache entry "6.12"}
     * @param holders who holds it, one per line, as in a timeout's message
     * @param waited how long we have waited so far
     * @param limit when we give up
     */
    record Waiting(String what, Path lockFile, String holders, Duration waited, Duration limit) implements KtstrEvent {
        @Override
        public String message() {
            return "waiting for " + what + " (" + Durations.format(waited) + " of at most " + Durations.format(limit)
                    + "), held by:\n" + holders;
        }
    }

    /** An entry has become visible under its name. */
    record Published(String key, Path directory, boolean replaced) implements KtstrEvent {
        @Override
        public String message() {
            return (replaced ? "replaced " : "published ") + key;
        }
    }

    /** Debris of a writer that died has been removed. */
    record Swept(Path path) implements KtstrEvent {
        @Override
        public String message() {
            return "removed what an interrupted store left behind: " + path;
        }
    }

    /** Something went another way than asked, and the user should know. */
    record Warning(String message) implements KtstrEvent {
        @Override
        public boolean isWarning() {
            return true;
        }
    }

    /**
     * A virtual machine was to choose, and runs without KVM.
     *
     * @param reason why, half a sentence
     * @param advice how that is known, and what to do to have it tried again; empty if there is nothing to say
     */
    record WithoutKvm(String reason, String advice) implements KtstrEvent {
        @Override
        public String message() {
            return "virtual machines run under TCG, which is several times slower: " + reason
                    + (advice.isEmpty() ? "" : "; " + advice);
        }

        @Override
        public boolean isWarning() {
            return true;
        }
    }
}
