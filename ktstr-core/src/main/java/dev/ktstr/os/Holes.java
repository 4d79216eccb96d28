package dev.ktstr.os;

import java.util.Arrays;

/** Blocks that a file does not have, and which read as zeros. */
public final class Holes {
    private static final int BLOCK = 4096;
    private static final byte[] ZEROS = new byte[BLOCK];
    private static final int BUFFER = 256 * BLOCK;

    /** Smaller ones would cost more than they save: each makes one extent two, and a clone takes as long as there are extents. */
    private static final int LEAST = 1 << 20;

    private Holes() {}

    /**
     * Gives back all blocks of a file where there are nothing but zeros for 1 MiB or more, also those that were allocated
     * without being written: mkfs reserves a whole journal in that way. Read once, those lie in the page cache, and then
     * {@code SEEK_DATA}, lseek(2), takes them for data, which every copy would have to write. What the file reads as does not
     * change. Does nothing where the file system cannot do it ({@code FALLOC_FL_PUNCH_HOLE}, fallocate(2)).
     *
     * @param length of the file, in bytes
     */
    public static void dig(Fd file, long length) throws OsException {
        byte[] buffer = new byte[BUFFER];
        long zeros = 0; // from here on, there are none but zeros
        long at = next(file, 0, Constants.SEEK_DATA);
        while (at >= 0 && at < length) {
            long found = next(file, at, Constants.SEEK_HOLE);
            long end = found < 0 ? length : Math.min(found, length);
            while (at < end) {
                int count = (int) Math.min(file.read(buffer, at), end - at);
                if (count <= 0) {
                    return; // it has become shorter
                }
                for (int i = 0; i < count; i += BLOCK) {
                    int size = Math.min(BLOCK, count - i);
                    if (!Arrays.equals(buffer, i, i + size, ZEROS, 0, size)) {
                        if (!punch(file, zeros, at + i)) {
                            return;
                        }
                        zeros = at + i + size;
                    }
                }
                at += count;
            }
            at = next(file, end, Constants.SEEK_DATA);
        }
        punch(file, zeros, length);
    }

    /** Where the next data or hole starts; -1 if there is none behind. */
    static long next(Fd file, long offset, int whence) throws OsException {
        if (offset < 0) {
            return -1;
        }
        long found = LibC.lseek(file.number(), offset, whence);
        if (found < 0 && LibC.failedWith(Errno.EINVAL)) {
            return whence == Constants.SEEK_DATA ? offset : -1; // it cannot tell: all of it is data
        }
        if (found < 0 && !LibC.failedWith(Errno.ENXIO)) {
            throw LibC.failure("lseek", file.path());
        }
        return found;
    }

    /** @return whether the file system can do that */
    private static boolean punch(Fd file, long start, long end) throws OsException {
        if (end - start < LEAST) {
            return true;
        }
        int mode = Constants.FALLOC_FL_PUNCH_HOLE | Constants.FALLOC_FL_KEEP_SIZE;
        int result;
        do {
            result = LibC.fallocate(file.number(), mode, start, end - start);
        } while (result < 0 && LibC.failedWith(Errno.EINTR));
        if (result == 0) {
            return true;
        }
        OsException failure = LibC.failure("fallocate", file.path());
        return switch (failure.errno()) {
            case EOPNOTSUPP, ENOSYS -> false;
            default -> throw failure;
        };
    }
}
