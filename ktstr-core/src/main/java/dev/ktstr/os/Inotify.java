package dev.ktstr.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * One inotify instance (inotify(7)) that watches files being closed. A user may have only
 * {@code fs.inotify.max_user_instances} of them, often 128. Only one thread may wait for events
 * at a time; others may start and stop watches meanwhile.
 */
public final class Inotify implements AutoCloseable {
    /** What {@link #await} returns when events were lost: any file may have been closed. */
    public static final int ANY = -1;

    private static final int EVENT_HEADER = 16; // struct inotify_event: wd, mask, cookie, len; then a name
    private static final int EVENT_LENGTH = 12;
    private static final int BUFFER = 512; // copied with every read; what does not fit comes with the next

    private final Fd fd;

    private Inotify(Fd fd) {
        this.fd = fd;
    }

    /**
     * A new instance.
     *
     * @throws OsException with {@link Errno#EMFILE} if this user has too many
     */
    public static Inotify open() throws OsException, NativeAccessException {
        LibC.require();
        int number = LibC.inotify_init1(Constants.IN_CLOEXEC | Constants.IN_NONBLOCK);
        if (number < 0) {
            throw LibC.failure("inotify_init1", null);
        }
        return new Inotify(Fd.of(number, Path.of("inotify")));
    }

    /**
     * Watches for any descriptor of a file being closed.
     *
     * @return the watch; the same again for the same file
     */
    public int watchClose(Path file) throws OsException {
        int watch = LibC.inotify_add_watch(
                fd.number(), NativePaths.terminated(file), Constants.IN_CLOSE | Constants.IN_DONT_FOLLOW);
        if (watch < 0) {
            throw LibC.failure("inotify_add_watch", file);
        }
        return watch;
    }

    /** Stops a watch. One that has stopped by itself, since its file is gone, is fine. */
    public void unwatch(int watch) throws OsException {
        if (LibC.inotify_rm_watch(fd.number(), watch) != 0 && !LibC.failedWith(Errno.EINVAL)) {
            throw LibC.failure("inotify_rm_watch", fd.path());
        }
    }

    /**
     * Waits for events.
     *
     * @return the watches that had some, perhaps {@link #ANY}; empty after {@code milliseconds} without
     */
    public Set<Integer> await(int milliseconds) throws OsException {
        ByteBuffer descriptor = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
        descriptor.putInt(fd.number()).putShort((short) Constants.POLLIN); // struct pollfd: fd, events, revents
        int ready = LibC.poll(descriptor.array(), 1, milliseconds);
        if (ready < 0 && !LibC.failedWith(Errno.EINTR)) {
            throw LibC.failure("poll", fd.path());
        }
        return ready > 0 ? read() : Set.of();
    }

    private Set<Integer> read() throws OsException {
        byte[] buffer = new byte[BUFFER];
        int length = fd.read(buffer);
        ByteBuffer events = ByteBuffer.wrap(buffer, 0, length).order(ByteOrder.nativeOrder());
        Set<Integer> watches = new HashSet<>();
        while (events.remaining() >= EVENT_HEADER) {
            int start = events.position();
            watches.add(events.getInt(start));
            events.position(start + EVENT_HEADER + events.getInt(start + EVENT_LENGTH));
        }
        return watches;
    }

    @Override
    public void close() throws OsException {
        fd.close();
    }
}
