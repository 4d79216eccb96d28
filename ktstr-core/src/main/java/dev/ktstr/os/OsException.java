package dev.ktstr.os;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A system call that failed. */
public final class OsException extends KtstrException {
    private static final long serialVersionUID = 1L;

    private final Errno errno;

    OsException(String call, int number, @Nullable Path path) {
        super(ErrorCode.OS_CALL, describe(call, number, path), path, remedy(Errno.of(number)), null);
        this.errno = Errno.of(number);
    }

    public Errno errno() {
        return errno;
    }

    private static String describe(String call, int number, @Nullable Path path) {
        Errno errno = Errno.of(number);
        String name = errno == Errno.OTHER ? "errno " + number : errno.name();
        return call + (path == null ? "" : " " + path) + ": " + errno.text() + " (" + name + ")";
    }

    private static String remedy(Errno errno) {
        return switch (errno) {
            case ENOSPC, EDQUOT -> "free space there, or point KTSTR_CACHE_DIR at a file system that has some";
            case EACCES, EPERM ->
                "check the owner and mode of the path and of the directories above it, or point KTSTR_CACHE_DIR at"
                        + " a directory of your own";
            case EROFS -> "remount it writable, or point KTSTR_CACHE_DIR at a directory that is";
            case EMFILE -> "raise the limit (ulimit -n)";
            case ENFILE -> "raise the limit (sysctl fs.file-max), or find who holds so many files open";
            case ENOENT -> "check that the path exists and that nothing else removes it";
            case ELOOP, ENOTDIR ->
                "look what is in its place (ls -ld), or point KTSTR_CACHE_DIR at a directory of your own";
            case EIO -> "the device reported an error: see the kernel's log (dmesg) before you trust this disk again";
            default -> "see the manual page of the call that is named, and the kernel's log (dmesg)";
        };
    }
}
