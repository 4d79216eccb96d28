package dev.ktstr.lock;

import dev.ktstr.os.Errno;
import dev.ktstr.os.Inotify;
import dev.ktstr.os.NativeAccessException;
import dev.ktstr.os.OsException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Wakes whoever waits for a lock when it is released: the kernel tells when a descriptor of the lock file is closed, also
 * by the death of its process. One inotify instance serves all waiting threads of a process, from the first wait on; it is
 * never closed, because the kernel takes 15 ms and more for that (it waits until no event can be under way). One of the
 * waiting threads reads the events, for all; when it leaves, another takes over.
 *
 * <p>An event is a hint and no promise: the lock may be taken again, and there are file systems and ways of releasing
 * ({@code flock -u}) that have none. So nobody waits for one alone.
 */
final class ReleaseWatch {
    private final LongSupplier ticker;
    private final ReentrantLock state = new ReentrantLock();
    private final Condition changed = state.newCondition();
    private final Map<Integer, Integer> watchers = new HashMap<>();
    private final Map<Integer, Long> closings = new HashMap<>();
    private @Nullable Inotify inotify;
    private boolean isRead;

    /** @param ticker nanoseconds of a clock that never goes back */
    ReleaseWatch(LongSupplier ticker) {
        this.ticker = ticker;
    }

    /** One waiting thread's interest in some lock files. */
    final class Watch implements AutoCloseable {
        private final List<Integer> descriptors;
        private long seen;

        private Watch(List<Integer> descriptors) {
            this.descriptors = descriptors;
            this.seen = closings(descriptors);
        }

        /**
         * Returns when one of the files has been closed since the last call, or after {@code limit} at the latest.
         *
         * @return whether one has been closed
         */
        boolean await(Duration limit) throws OsException, InterruptedException {
            return ReleaseWatch.this.await(this, limit);
        }

        /** Lets the next {@link #await} wait for what comes from now on. */
        void skip() throws OsException {
            ReleaseWatch.this.skip(this);
        }

        @Override
        public void close() throws OsException {
            forget(descriptors);
        }
    }

    /**
     * Starts to watch.
     *
     * @throws OsException if this user has no inotify instance or watch left
     */
    Watch on(List<Path> lockFiles) throws OsException, NativeAccessException {
        List<Integer> descriptors = new ArrayList<>();
        state.lock();
        try {
            Inotify instance = inotify == null ? Inotify.open() : inotify;
            inotify = instance;
            for (Path file : lockFiles) {
                watch(instance, file).ifPresent(descriptor -> {
                    watchers.merge(descriptor, 1, Integer::sum);
                    descriptors.add(descriptor);
                });
            }
            return new Watch(descriptors);
        } catch (OsException failed) {
            forget(descriptors);
            throw failed;
        } finally {
            state.unlock();
        }
    }

    /** Nothing for a file that a cleaner has removed meanwhile: the next attempt makes another. */
    private static Optional<Integer> watch(Inotify instance, Path file) throws OsException {
        try {
            return Optional.of(instance.watchClose(file));
        } catch (OsException failed) {
            if (failed.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw failed;
        }
    }

    private boolean await(Watch watch, Duration limit) throws OsException, InterruptedException {
        long start = ticker.getAsLong();
        state.lockInterruptibly();
        try {
            long rest = limit.toNanos();
            while (isUnchanged(watch) && rest > 0) {
                if (isRead) {
                    changed.awaitNanos(rest);
                } else {
                    readEvents(TimeUnit.NANOSECONDS.toMillis(rest) + 1);
                    if (Thread.interrupted()) { // while it was in the system call, which knows nothing of that
                        throw new InterruptedException();
                    }
                }
                rest = limit.toNanos() - (ticker.getAsLong() - start);
            }
            boolean closed = !isUnchanged(watch);
            watch.seen = closings(watch.descriptors);
            return closed;
        } finally {
            state.unlock();
        }
    }

    private void skip(Watch watch) throws OsException {
        state.lock();
        try {
            if (!isRead) {
                readEvents(0);
            }
            watch.seen = closings(watch.descriptors);
        } finally {
            state.unlock();
        }
    }

    /** Reads events for everybody, without the lock while it waits for some. */
    private void readEvents(long milliseconds) throws OsException {
        Inotify instance = Objects.requireNonNull(inotify, "a watch is open, so its instance is");
        isRead = true;
        Set<Integer> closed = Set.of();
        state.unlock();
        try {
            closed = instance.await((int) Math.min(Integer.MAX_VALUE, milliseconds));
        } finally {
            state.lock();
            isRead = false;
            for (int descriptor : closed.contains(Inotify.ANY) ? watchers.keySet() : closed) {
                closings.merge(descriptor, 1L, Long::sum);
            }
            closings.keySet().retainAll(watchers.keySet());
            changed.signalAll(); // those whose file was closed, and one who now reads
        }
    }

    private boolean isUnchanged(Watch watch) {
        return closings(watch.descriptors) == watch.seen;
    }

    private long closings(List<Integer> descriptors) {
        return descriptors.stream()
                .mapToLong(each -> closings.getOrDefault(each, 0L))
                .sum();
    }

    private void forget(List<Integer> descriptors) throws OsException {
        state.lock();
        try {
            for (int descriptor : descriptors) {
                if (watchers.merge(descriptor, -1, Integer::sum) == 0) {
                    watchers.remove(descriptor);
                    closings.remove(descriptor);
                    if (inotify != null) {
                        inotify.unwatch(descriptor);
                    }
                }
            }
        } finally {
            state.unlock();
        }
    }
}
