package dev.ktstr.os;

import com.sun.jna.Platform;
import java.util.Map;

/**
 * Numbers of the kernel's interface. Most are the same everywhere; the {@code open(2)} flags that differ are a table by
 * architecture, named as {@link Platform#ARCH} names them. {@code ConstantsTest} compares all of this with the C
 * headers of both architectures.
 */
final class Constants {
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0100;
    static final int O_EXCL = 0200;
    static final int O_NONBLOCK = 04000;
    static final int O_CLOEXEC = 02000000;
    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_REMOVEDIR = 0x200;
    static final int AT_SYMLINK_FOLLOW = 0x400;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;
    static final int FALLOC_FL_KEEP_SIZE = 1;
    static final int FALLOC_FL_PUNCH_HOLE = 2;
    static final int LOCK_SH = 1;
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;
    static final int LOCK_UN = 8;
    static final int RENAME_EXCHANGE = 2;
    static final int STATX_BASIC_STATS = 0x7ff;
    static final int S_IFMT = 0170000;
    static final int S_IFREG = 0100000;
    static final int S_IFDIR = 0040000;
    static final int S_IFLNK = 0120000;
    static final int IN_CLOEXEC = 02000000;
    static final int IN_NONBLOCK = 04000;
    static final int IN_CLOSE = 0x18;
    static final int IN_DONT_FOLLOW = 0x02000000;
    static final int POLLIN = 1;
    static final int SYNC_FILE_RANGE_WRITE = 2;
    static final long FICLONE = 0x40049409L;
    static final long FICLONERANGE = 0x4020940dL;

    // struct statx (linux/stat.h): the same layout on every architecture, which is why we use it and not struct stat.
    static final int STATX_SIZE = 256;
    static final int STATX_UID = 20;
    static final int STATX_GID = 24;
    static final int STATX_MODE = 28;
    static final int STATX_INO = 32;
    static final int STATX_FILE_SIZE = 40;
    static final int STATX_BLOCKS = 48;
    static final int STATX_MTIME_SEC = 112;
    static final int STATX_MTIME_NSEC = 120;
    static final int STATX_DEV_MAJOR = 136;
    static final int STATX_DEV_MINOR = 140;

    /** f_type, the first word of struct statfs on both architectures; the buffer is larger than the struct. */
    static final int STATFS_TYPE = 0;

    static final int STATFS_SIZE = 256;

    /** struct file_clone_range (linux/fs.h): four 64-bit numbers, of which only the first is not zero for a whole file. */
    static final int FILE_CLONE_RANGE_SIZE = 32;

    // struct linux_dirent64: the C library's dirent64 has the same fields.
    static final int DIRENT_LENGTH = 16;
    static final int DIRENT_NAME = 19;

    /** The open(2) flags that differ between architectures. */
    record OpenFlags(int directory, int noFollow, int tmpfile) {}

    static final Map<String, OpenFlags> OPEN_FLAGS = Map.of(
            "x86-64", new OpenFlags(0200000, 0400000, 020200000),
            "aarch64", new OpenFlags(040000, 0100000, 020040000));

    /** The number of {@code getdents64(2)}, for which older C libraries have no function. */
    static final Map<String, Integer> GETDENTS64 = Map.of("x86-64", 217, "aarch64", 61);

    private Constants() {}

    static boolean knows(String architecture) {
        return OPEN_FLAGS.containsKey(architecture);
    }

    static OpenFlags openFlags() {
        OpenFlags flags = OPEN_FLAGS.get(Platform.ARCH);
        if (flags == null) {
            throw new IllegalStateException("LibC.require() lets no call pass on " + Platform.ARCH);
        }
        return flags;
    }

    static int getdents64() {
        Integer number = GETDENTS64.get(Platform.ARCH);
        if (number == null) {
            throw new IllegalStateException("LibC.require() lets no call pass on " + Platform.ARCH);
        }
        return number;
    }
}
