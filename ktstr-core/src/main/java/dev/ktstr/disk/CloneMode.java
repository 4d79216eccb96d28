package dev.ktstr.disk;

/** How a test's disk is made from its template. */
public enum CloneMode {
    /** By sharing blocks ({@code FICLONE}); where that cannot be done, not at all. */
    REFLINK,
    /** By sharing blocks; where that cannot be done, by copying what is not zero. */
    AUTO
}
