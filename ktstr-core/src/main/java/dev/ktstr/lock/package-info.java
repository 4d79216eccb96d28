/**
 * Advisory locks by {@code flock(2)} on files that lie beside what they guard and are never deleted, and who holds
 * them.
 *
 * <p>{@code flock} belongs to the open file description: two opens in one process conflict like two processes do, and
 * the kernel drops the lock when its holder dies, however it dies. It neither sees nor respects POSIX record locks,
 * which is what {@link java.nio.channels.FileChannel#lock()} takes.
 *
 * <p>Who holds a lock is read from {@code /proc/locks}, which names files by the device of {@code /proc/self/mountinfo}
 * and the inode; {@code st_dev} would not do, since btrfs and overlayfs report an anonymous device there. It shows
 * nobody of another pid namespace, so whoever holds a lock for a while also leaves a record, locked for as long:
 *
 * <pre>
 * &lt;directory&gt;/&lt;name&gt;.lock                         a lock file, empty, never deleted
 * &lt;directory&gt;/holders/&lt;name&gt;.lock/&lt;pid&gt;-&lt;8 hex&gt;   one of its holders
 * </pre>
 *
 * <p>Records are for people: whether a lock is free only the lock tells.
 */
@NullMarked
package dev.ktstr.lock;

import org.jspecify.annotations.NullMarked;
