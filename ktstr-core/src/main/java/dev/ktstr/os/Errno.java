package dev.ktstr.os;

/**
 * The {@code errno} values that ktstr tells apart. They are the same on x86_64 and aarch64
 * (linux/include/uapi/asm-generic/errno.h).
 */
public enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file or directory"),
    EINTR(4, "interrupted"),
    EIO(5, "input/output error"),
    ENXIO(6, "no such device, or nothing there"),
    EBADF(9, "bad file descriptor"),
    EAGAIN(11, "would block"),
    ENOMEM(12, "out of memory"),
    EACCES(13, "permission denied"),
    EBUSY(16, "device or resource busy"),
    EEXIST(17, "file exists"),
    EXDEV(18, "crosses a device or overlay layer"),
    ENOTDIR(20, "not a directory"),
    EISDIR(21, "is a directory"),
    EINVAL(22, "invalid argument, or not supported by this file system"),
    ENFILE(23, "too many open files on this machine"),
    EMFILE(24, "too many open files in this process"),
    ENOTTY(25, "not supported by this file"),
    EFBIG(27, "file too large for this file system"),
    ENOSPC(28, "no space left on device"),
    EROFS(30, "read-only file system"),
    ENAMETOOLONG(36, "file name too long"),
    ENOLCK(37, "no locks available"),
    ENOSYS(38, "not implemented by this kernel"),
    ENOTEMPTY(39, "directory not empty"),
    ELOOP(40, "is a symbolic link, or too many of them"),
    EOPNOTSUPP(95, "not supported by this file system"),
    EDQUOT(122, "disk quota exceeded"),
    /** Any other value; the exception's message has the number. */
    OTHER(-1, "unexpected error");

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    int number() {
        return number;
    }

    String text() {
        return text;
    }

    static Errno of(int number) {
        for (Errno errno : values()) {
            if (errno.number == number) {
                return errno;
            }
        }
        return OTHER;
    }
}
