package dev.ktstr.os;

import java.nio.file.Path;

/** Copies a file the cheapest way that the file systems at both ends allow. */
public final class FileCopy {
    private static final long CHUNK = 1 << 30;
    private static final int BUFFER = 1 << 20;

    private FileCopy() {}

    /**
     * Copies the bytes of {@code source} to the new file {@code target}: shared blocks where possible
     * ({@code FICLONE}), else {@code copy_file_range(2)}, else through memory.
     *
     * @throws OsException if the target is there already, or on any failure of the disk
     */
    public static void copy(Path source, Path target) throws OsException, NativeAccessException {
        try (Fd in = Fd.openForReading(source);
                Fd out = Fd.createNew(target)) {
            if (FileClone.share(in, out).isPresent() && !copyRange(in, out)) {
                copyThroughMemory(in, out);
            }
        }
    }

    /** False, with nothing written, if the kernel cannot copy between these two, or says that there is nothing. */
    private static boolean copyRange(Fd in, Fd out) throws OsException {
        boolean started = false;
        while (true) {
            long count = LibC.copy_file_range(in.number(), null, out.number(), null, CHUNK, 0);
            if (count > 0) {
                started = true;
            } else if (count == 0) {
                // The end; or a file system that makes its content up (procfs), and says 0 although there is some.
                return started;
            } else if (!started
                    && (LibC.failedWith(Errno.EXDEV)
                            || LibC.failedWith(Errno.EINVAL)
                            || LibC.failedWith(Errno.EOPNOTSUPP)
                            || LibC.failedWith(Errno.ENOSYS))) {
                return false;
            } else if (!LibC.failedWith(Errno.EINTR)) {
                throw LibC.failure("copy_file_range from " + in.path() + " to", out.path());
            }
        }
    }

    private static void copyThroughMemory(Fd in, Fd out) throws OsException {
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = in.read(buffer)) > 0) {
            out.write(buffer, count);
        }
    }
}
