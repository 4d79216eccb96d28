package dev.ktstr.os;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import dev.ktstr.ErrorCode;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The C library's functions, mapped directly. Every call that can fail returns -1 and leaves the reason in
 * {@link Native#getLastError()}, which JNA saves per thread right after the call.
 *
 * <p>{@code long} stands for {@code size_t}, {@code ssize_t}, {@code nfds_t} and {@code unsigned long}, which have 64 bits on
 * both architectures that we run on; JNA's {@code NativeLong} would cost several microseconds a call.
 *
 * <p>{@code open}, {@code openat}, {@code ioctl} and {@code syscall} are variadic in C. The System V x86_64 and the AAPCS64 calling
 * conventions pass the integers that we pass in the same registers either way.
 */
final class LibC {
    /** Why the functions cannot be called; null when they can. */
    private static final @Nullable Obstacle OBSTACLE = register();

    private record Obstacle(
            ErrorCode code,
            String problem,
            String remedy,
            @Nullable Throwable cause) {}

    private LibC() {}

    static native int open(byte[] path, int flags, int mode);

    static native int openat(int directory, byte[] path, int flags, int mode);

    static native int close(int fd);

    static native int pipe2(int[] descriptors, int flags);

    static native long read(int fd, byte[] buffer, long count);

    static native long write(int fd, byte[] buffer, long count);

    static native long pread(int fd, byte[] buffer, long count, long offset);

    static native long pwrite(int fd, byte[] buffer, long count, long offset);

    static native int flock(int fd, int operation);

    static native int inotify_init1(int flags);

    static native int inotify_add_watch(int fd, byte[] path, int mask);

    static native int inotify_rm_watch(int fd, int watch);

    static native int poll(byte[] descriptors, long count, int milliseconds);

    static native int fsync(int fd);

    /** Cannot fail. */
    static native int geteuid();

    static native int sync_file_range(int fd, long offset, long length, int flags);

    static native int sched_getaffinity(int pid, long size, byte[] mask);

    static native long syscall(long number, int fd, byte[] buffer, long count);

    static native int fchmod(int fd, int mode);

    static native int ftruncate(int fd, long length);

    static native int fallocate(int fd, int mode, long offset, long length);

    static native long lseek(int fd, long offset, int whence);

    static native int linkat(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);

    static native int ioctl(int fd, long request, int argument);

    static native int ioctl(int fd, long request, byte[] argument);

    static native int statfs(byte[] path, byte[] buffer);

    static native int fstatfs(int fd, byte[] buffer);

    static native int statx(int directory, byte[] path, int flags, int mask, byte[] buffer);

    static native int rename(byte[] from, byte[] to);

    static native int mkdirat(int directory, byte[] path, int mode);

    static native int unlinkat(int directory, byte[] path, int flags);

    static native int renameat2(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);

    static native long copy_file_range(
            int in, long @Nullable [] inOffset, int out, long @Nullable [] outOffset, long length, int flags);

    /** @throws NativeAccessException unless the functions above can be called */
    static void require() throws NativeAccessException {
        Obstacle obstacle = OBSTACLE;
        if (obstacle != null) {
            throw new NativeAccessException(obstacle.code, obstacle.problem, obstacle.remedy, obstacle.cause);
        }
    }

    static OsException failure(String call, @Nullable Path path) {
        return new OsException(call, Native.getLastError(), path);
    }

    static boolean failedWith(Errno errno) {
        return Native.getLastError() == errno.number();
    }

    private static @Nullable Obstacle register() {
        try {
            if (!Platform.isLinux() || !Constants.knows(Platform.ARCH)) {
                return new Obstacle(
                        ErrorCode.OS_PLATFORM,
                        "starting ktstr: it runs on Linux on x86_64 and aarch64, and this JVM is for " + Platform.ARCH
                                + (Platform.isLinux() ? "" : " on another operating system"),
                        "run it on such a machine, a virtual one if need be",
                        null);
            }
            Native.register(LibC.class, Platform.C_LIBRARY_NAME);
            return null;
        } catch (VirtualMachineError dying) {
            throw dying;
        } catch (Error cannotLoad) { // LinkageError, and the plain Error of JNA's version check
            return new Obstacle(
                    ErrorCode.OS_NATIVE,
                    "loading JNA's native library: " + cannotLoad.getMessage(),
                    "JNA unpacks its library into the temporary directory: if that is mounted noexec, set"
                            + " -Djna.tmpdir=DIR to one that is not; if another version of JNA comes first on the"
                            + " class path, align it with ktstr's (mvn dependency:tree); if this JDK was told to deny"
                            + " native access, add --enable-native-access=ALL-UNNAMED",
                    cannotLoad);
        }
    }
}
