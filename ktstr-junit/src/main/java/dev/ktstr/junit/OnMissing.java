package dev.ktstr.junit;

/** What becomes of a test whose kernel is not stored, or whose machine lacks something it needs, such as QEMU. */
public enum OnMissing {
    /** What the setting {@code ktstr.onMissing} says ({@code fail}, {@code abort}, {@code disable}); {@link #FAIL} without it. */
    DEFAULT,

    /** It fails. */
    FAIL,

    /** It is aborted, as by an assumption that does not hold. */
    ABORT,

    /** It is disabled, where that can be known before it starts: that is so for a kernel. Otherwise as {@link #ABORT}. */
    DISABLE
}
