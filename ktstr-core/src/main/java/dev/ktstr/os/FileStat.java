package dev.ktstr.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code statx(2)} says of a file.
 *
 * @param deviceMajor of {@code stx_dev}; on btrfs and overlayfs an anonymous device, good for telling files apart but
 *     not for finding the file system
 * @param owner the user, unsigned
 * @param group unsigned
 * @param size in bytes
 * @param allocated bytes on disk, holes not counted
 * @param modifiedSeconds since 1970, rounded down
 * @param modifiedNanos what the rounding took away
 */
public record FileStat(
        int deviceMajor,
        int deviceMinor,
        long inode,
        int mode,
        int owner,
        int group,
        long size,
        long allocated,
        long modifiedSeconds,
        int modifiedNanos) {
    private static final byte[] EMPTY_PATH = {0};
    private static final int ROOT = 0;
    private static final int GROUP_WRITES = 0020;
    private static final int ALL_WRITE = 0002;

    /**
     * Empty if there is nothing at the path, or a directory above it is none.
     *
     * @throws OsException on any other failure
     */
    public static Optional<FileStat> of(Path path) throws OsException, NativeAccessException {
        return of(path, 0);
    }

    /** As {@link #of(Path)}, of a symbolic link itself. */
    public static Optional<FileStat> ofLink(Path path) throws OsException, NativeAccessException {
        return of(path, Constants.AT_SYMLINK_NOFOLLOW);
    }

    private static Optional<FileStat> of(Path path, int flags) throws OsException, NativeAccessException {
        LibC.require();
        return at(Constants.AT_FDCWD, NativePaths.terminated(path), flags, path);
    }

    static Optional<FileStat> at(int directory, byte[] name, int flags, Path shown) throws OsException {
        byte[] buffer = new byte[Constants.STATX_SIZE];
        int result;
        do {
            result = LibC.statx(directory, name, flags, Constants.STATX_BASIC_STATS, buffer);
        } while (result != 0 && LibC.failedWith(Errno.EINTR));
        if (result == 0) {
            return Optional.of(parse(buffer));
        }
        if (LibC.failedWith(Errno.ENOENT) || LibC.failedWith(Errno.ENOTDIR)) {
            return Optional.empty();
        }
        throw LibC.failure("stat", shown);
    }

    static FileStat ofDescriptor(int fd, Path shown) throws OsException {
        return at(fd, EMPTY_PATH, Constants.AT_EMPTY_PATH, shown).orElseThrow(() -> LibC.failure("fstat", shown));
    }

    public boolean isRegularFile() {
        return (mode & Constants.S_IFMT) == Constants.S_IFREG;
    }

    public boolean isDirectory() {
        return (mode & Constants.S_IFMT) == Constants.S_IFDIR;
    }

    public boolean isSymbolicLink() {
        return (mode & Constants.S_IFMT) == Constants.S_IFLNK;
    }

    /** Whether it belongs to the user whom this process acts for. */
    public boolean isOwn() {
        return owner == LibC.geteuid();
    }

    /** Whether it is a symbolic link that neither this user nor root has made. */
    public boolean isForeignLink() {
        return isSymbolicLink() && owner != ROOT && !isOwn();
    }

    /** Whom its mode lets write to it besides its owner. */
    public Optional<String> otherWriters() {
        if ((mode & ALL_WRITE) != 0) {
            return Optional.of("all users");
        }
        // A group with the number of its user is that user's own, and where the umask is 002, as on Ubuntu, may write
        // to
        // everything: pam_umask(8), "usergroups", which makes the same exception of root.
        boolean isPrivate = group == owner && owner != 0;
        return (mode & GROUP_WRITES) != 0 && !isPrivate ? Optional.of("its group") : Optional.empty();
    }

    /** Whether both are one inode of one file system. */
    public boolean isSameFile(FileStat other) {
        return inode == other.inode && deviceMajor == other.deviceMajor && deviceMinor == other.deviceMinor;
    }

    /** Whether it is the same file, and nobody has written to it in between. */
    public boolean isUnchanged(FileStat earlier) {
        return isSameFile(earlier)
                && size == earlier.size
                && modifiedSeconds == earlier.modifiedSeconds
                && modifiedNanos == earlier.modifiedNanos;
    }

    private static FileStat parse(byte[] statx) {
        ByteBuffer fields = ByteBuffer.wrap(statx).order(ByteOrder.nativeOrder());
        return new FileStat(
                fields.getInt(Constants.STATX_DEV_MAJOR),
                fields.getInt(Constants.STATX_DEV_MINOR),
                fields.getLong(Constants.STATX_INO),
                Short.toUnsignedInt(fields.getShort(Constants.STATX_MODE)),
                fields.getInt(Constants.STATX_UID),
                fields.getInt(Constants.STATX_GID),
                fields.getLong(Constants.STATX_FILE_SIZE),
                fields.getLong(Constants.STATX_BLOCKS) * 512,
                fields.getLong(Constants.STATX_MTIME_SEC),
                fields.getInt(Constants.STATX_MTIME_NSEC));
    }
}
