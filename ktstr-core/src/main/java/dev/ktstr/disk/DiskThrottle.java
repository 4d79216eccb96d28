package dev.ktstr.disk;

import org.jspecify.annotations.Nullable;

/**
 * How fast a virtual machine lets its guest use a disk. Null where there is no limit.
 *
 * @param iops requests a second
 * @param bytesPerSecond both directions together
 * @param iopsBurst requests that may be made at once after a pause; at least {@code iops}
 * @param bytesBurst the same in bytes; at least {@code bytesPerSecond}
 */
public record DiskThrottle(
        @Nullable Long iops,
        @Nullable Long bytesPerSecond,
        @Nullable Long iopsBurst,
        @Nullable Long bytesBurst) {

    /** No limit at all. */
    public static final DiskThrottle NONE = new DiskThrottle(null, null, null, null);

    /** @throws IllegalArgumentException if a number is not positive, or a burst has no rate or is below it */
    public DiskThrottle {
        check("iops", iops, iopsBurst);
        check("bytesPerSecond", bytesPerSecond, bytesBurst);
    }

    private static void check(String what, @Nullable Long rate, @Nullable Long burst) {
        if (rate != null && rate <= 0) {
            throw new IllegalArgumentException(what + " must be positive, and is " + rate);
        }
        if (burst != null && (rate == null || burst < rate)) {
            throw new IllegalArgumentException(
                    "a burst of " + burst + " needs a rate (" + what + ") that is not above it, and that is " + rate);
        }
    }
}
