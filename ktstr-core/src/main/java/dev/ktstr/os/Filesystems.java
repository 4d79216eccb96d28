package dev.ktstr.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/** What {@code statfs(2)} and {@code rename(2)} do that {@link java.nio.file.Files} does not. */
public final class Filesystems {
    private Filesystems() {}

    /** The {@code f_type} at a path: 32 bits, unsigned. Empty if it cannot be told. */
    public static Optional<Long> typeAt(Path path) throws NativeAccessException {
        LibC.require();
        byte[] buffer = new byte[Constants.STATFS_SIZE];
        return LibC.statfs(NativePaths.terminated(path), buffer) == 0 ? Optional.of(type(buffer)) : Optional.empty();
    }

    /** The kernel's field is signed and 64 bits wide; sign extension would break comparisons with the magic numbers. */
    static long type(byte[] statfs) {
        return ByteBuffer.wrap(statfs).order(ByteOrder.nativeOrder()).getLong(Constants.STATFS_TYPE) & 0xffff_ffffL;
    }

    /** {@code rename(2)}, with nothing added. */
    public static void rename(Path from, Path to) throws OsException, NativeAccessException {
        LibC.require();
        if (LibC.rename(NativePaths.terminated(from), NativePaths.terminated(to)) != 0) {
            throw LibC.failure("rename to " + to + " from", from);
        }
    }

    /** Swaps two names in one step: {@code renameat2(RENAME_EXCHANGE)}. Both must be there. */
    public static void exchange(Path one, Path other) throws OsException, NativeAccessException {
        LibC.require();
        if (LibC.renameat2(
                        Constants.AT_FDCWD,
                        NativePaths.terminated(one),
                        Constants.AT_FDCWD,
                        NativePaths.terminated(other),
                        Constants.RENAME_EXCHANGE)
                != 0) {
            throw LibC.failure("renameat2 RENAME_EXCHANGE with " + other + " of", one);
        }
    }
}
