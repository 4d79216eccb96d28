package dev.ktstr.maven.packages;

import dev.ktstr.ByteSizes;

/**
 * How much may come out of a file, which depends on how much is in it. Distributions' kernel packages unpack to 3 to 8
 * times their size; ten gigabytes of zeros, to thousands of times theirs.
 */
final class Allowance {
    /** Small files compress as they like: a module that is one big table of zeros is no attack. */
    private static final long FLOOR = 64L << 20;

    private static final long RATIO = 64;
    private static final long CEILING = 16L << 30;

    private final Origin origin;
    private final long limit;
    private long taken;

    Allowance(Origin origin, long compressed) {
        this.origin = origin;
        this.limit = Math.min(CEILING, FLOOR + RATIO * Math.min(compressed, CEILING));
    }

    /** Counts bytes that came out. */
    void take(long bytes) throws PackageException {
        require(bytes);
        taken += bytes;
    }

    /** Refuses a claim that cannot be met, before the time is spent. */
    void require(long bytes) throws PackageException {
        if (bytes > limit - taken) {
            throw origin.hostile("it unpacks to more than " + ByteSizes.format(limit)
                    + ", which is far too much for its size: this is a decompression bomb");
        }
    }

    long taken() {
        return taken;
    }
}
