/**
 * The one seam to the C library, and the only package that imports JNA. It offers just the Linux calls that the JDK
 * lacks or gets wrong for us: {@code flock(2)} (the JDK has POSIX record locks, which {@code flock} neither sees nor
 * respects), {@code open(2)} with {@code O_CLOEXEC} and relative to a directory descriptor,
 * {@code renameat2(RENAME_EXCHANGE)}, {@code ioctl(FICLONE)}, {@code statx(2)} and {@code statfs(2)}.
 *
 * <p>Failures are {@link dev.ktstr.os.OsException}s that carry the {@link dev.ktstr.os.Errno}; expected answers, such
 * as a lock that is taken, are values. Knows nothing of the packages above it. Linux on x86_64 and aarch64 only.
 */
@NullMarked
package dev.ktstr.os;

import org.jspecify.annotations.NullMarked;
