package dev.ktstr.junit;

/** Which disks are kept when their test has ended: the setting {@code ktstr.keepDisks}. */
enum KeepDisks {
    NEVER,
    ON_FAILURE,
    ALWAYS
}
