package dev.ktstr.it;

/** What a system call that touches a store is for: the steps that operations are made of. */
enum Step {
    MAKE_DIRECTORY,
    /** Anything on a lock file. */
    LOCK,
    /** Anything on the records of who holds a lock. */
    RECORD,
    OPEN,
    READ,
    WRITE,
    /** Forcing something to disk that is not visible yet. */
    SYNC,
    /** What makes the new visible, or the old invisible. */
    SWAP,
    /** Forcing that to disk. */
    SETTLE,
    DELETE,
    CLOSE;

    /**
     * The step of a call.
     *
     * @param name of the system call
     * @param about what it is done to
     * @param isSwapped whether the same thread has swapped before
     */
    static Step of(String name, String about, boolean isSwapped) {
        if (about.contains("/.locks/holders")) {
            return RECORD;
        }
        if (about.contains(".lock\"") || about.contains(".lock>")) {
            return LOCK;
        }
        return switch (name) {
            case "mkdir", "mkdirat" -> MAKE_DIRECTORY;
            case "open", "openat" -> OPEN;
            case "write", "pwrite64", "ftruncate", "ioctl", "copy_file_range", "sync_file_range", "fchmod" -> WRITE;
            case "fsync" -> isSwapped ? SETTLE : SYNC;
            case "rename", "renameat", "renameat2", "link", "linkat" ->
                about.contains("/template.img.in-flight.") ? WRITE : SWAP; // into staging
            case "unlink", "unlinkat", "rmdir" -> DELETE;
            case "close" -> CLOSE;
            default -> READ;
        };
    }
}
