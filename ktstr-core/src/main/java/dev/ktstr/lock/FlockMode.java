package dev.ktstr.lock;

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

    /** The operation as flock(2) calls it; scripts match on it in messages. */
    public String operation() {
        return operation;
    }
}
