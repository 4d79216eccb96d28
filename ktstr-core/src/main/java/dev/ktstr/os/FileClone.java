package dev.ktstr.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** Copies of whole files that share their blocks with the original, or at least keep its holes. */
public final class FileClone {
    private static final long CHUNK = 1 << 30;
    private static final int BUFFER = 1 << 20;
    private static final List<Errno> OBSTACLES = List.of(Errno.EOPNOTSUPP, Errno.ENOTTY, Errno.EXDEV, Errno.EINVAL);

    private FileClone() {}

    /**
     * Makes an empty file share all blocks of another, ioctl_ficlonerange(2): {@code FICLONE}, else {@code FICLONERANGE}.
     *
     * @return why these two cannot, with nothing changed; empty when it is done
     * @throws OsException on any other failure, a full disk among them
     */
    public static Optional<Errno> share(Fd source, Fd target) throws OsException {
        if (LibC.ioctl(target.number(), Constants.FICLONE, source.number()) == 0) {
            return Optional.empty();
        }
        Errno obstacle = obstacle("ioctl FICLONE", target);
        ByteBuffer range = ByteBuffer.allocate(Constants.FILE_CLONE_RANGE_SIZE).order(ByteOrder.nativeOrder());
        range.putLong(0, source.number()); // from offset 0 to the end, to offset 0
        if (LibC.ioctl(target.number(), Constants.FICLONERANGE, range.array()) == 0) {
            return Optional.empty();
        }
        obstacle("ioctl FICLONERANGE", target); // today's kernels do the same for both
        return Optional.of(obstacle);
    }

    private static Errno obstacle(String call, Fd target) throws OsException {
        for (Errno each : OBSTACLES) { // an exception, with its stack, would take longer than all calls for a clone
            if (LibC.failedWith(each)) {
                return each;
            }
        }
        throw LibC.failure(call, target.path());
    }

    /**
     * Copies the data of a file into an empty one, kernel-side, and leaves its holes out.
     *
     * @param length of the source, in bytes
     */
    public static void copySparse(Fd source, Fd target, long length) throws OsException {
        target.setLength(length);
        long start = Holes.next(source, 0, Constants.SEEK_DATA);
        while (start >= 0 && start < length) {
            long end = Holes.next(source, start, Constants.SEEK_HOLE);
            copy(source, target, start, end < 0 ? length : Math.min(end, length));
            start = Holes.next(source, end, Constants.SEEK_DATA);
        }
    }

    private static void copy(Fd source, Fd target, long start, long end) throws OsException {
        long[] from = {start};
        long[] to = {start};
        while (from[0] < end) {
            long rest = Math.min(end - from[0], CHUNK);
            long count = LibC.copy_file_range(source.number(), from, target.number(), to, rest, 0);
            if (count == 0) { // the end, or a file system that says so although there is more
                copyThroughMemory(source, target, from[0], end);
                return;
            }
            if (count < 0) {
                OsException failure = LibC.failure("copy_file_range to", target.path());
                switch (failure.errno()) {
                    case EINTR -> {}
                    case EXDEV, EINVAL, EOPNOTSUPP, ENOSYS -> {
                        copyThroughMemory(source, target, from[0], end);
                        return;
                    }
                    default -> throw failure;
                }
            }
        }
    }

    private static void copyThroughMemory(Fd source, Fd target, long start, long end) throws OsException {
        byte[] buffer = new byte[(int) Math.min(end - start, BUFFER)];
        long at = start;
        while (at < end) {
            int count = source.read(buffer, at);
            if (count == 0) {
                throw new OsException(
                        "read, which ends at " + at + " bytes instead of " + end + ",",
                        Errno.EIO.number(),
                        source.path());
            }
            target.write(buffer, (int) Math.min(count, end - at), at);
            at += count;
        }
    }
}
