package dev.ktstr.lock;

import org.jspecify.annotations.Nullable;

/** How a lock is held. */
public enum FlockMode {
    /** Any number of holders at once. */
    SHARED("LOCK_SH"),
    /** One holder, and no shared one. */
    EXCLUSIVE("LOCK_EX");

    private final String operation;

    FlockMode(String operation) {
        this.operation = operation;
    }

    /** The mode of an operation; whatever is unknown counts as exclusive, as in {@code /proc/locks}. */
    static FlockMode of(@Nullable String operation) {
        return SHARED.operation.equals(operation) ? SHARED : EXCLUSIVE;
    }

    /** The operation as flock(2) calls it; scripts match on it in messages. */
    public String operation() {
        return operation;
    }
}
