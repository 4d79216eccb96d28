package dev.ktstr.lock;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.NativeAccessException;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock on one lock file. Immutable and safe for use by several threads: every acquisition opens a descriptor of
 * its own, so that threads of one process exclude each other like processes do.
 *
 * <p>The lock file is created if absent (its directory is not), empty, and opened read-only where it is there: that is
 * enough for {@code flock}, works on a read-only file system and for a file of another user, and does not run into
 * {@code fs.protected_regular}.
 */
public final class Flock {
    private static final int LOCK_FILE_MODE = 0666;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(50);
    private static final Duration UNTIL_FIRST_MESSAGE = Duration.ofMillis(200);
    private static final Duration BETWEEN_MESSAGES = Duration.ofSeconds(30);

    /** Between retries after a release was seen. The event comes just before the kernel drops the lock. */
    private static final long RETRY_NANOS = 30_000;

    private static final int RETRIES = 2;

    /** Longer than any deadline that can be told from "for ever" with a 64-bit nanosecond clock. */
    private static final Duration FOR_EVER = Duration.ofDays(365L * 100);

    private final Path file;
    private final String what;
    private final String remedy;
    private final Environment environment;
    private final EventSink events;

    private Flock(Path file, String what, String remedy, Environment environment, EventSink events) {
        this.file = file;
        this.what = what;
        this.remedy = remedy;
        this.environment = environment;
        this.events = events;
    }

    /** The lock on a file, in this process's environment, that reports to nobody. Touches nothing yet. */
    public static Flock on(Path lockFile) {
        return on(lockFile, Environment.system(), event -> {});
    }

    /** The lock on a file; {@code events} is told when we wait. Touches nothing yet. */
    public static Flock on(Path lockFile, Environment environment, EventSink events) {
        return new Flock(
                lockFile,
                lockFile.toString(),
                "wait for the holders to finish, or end them, and try again",
                environment,
                events);
    }

    /**
     * The same lock under a name that users know.
     *
     * @param thing what it guards, such as {@code cache entry "6.12"}
     * @param advice what to do when it stays taken
     */
    public Flock describedAs(String thing, String advice) {
        return new Flock(file, thing, advice, environment, events);
    }

    public Path lockFile() {
        return file;
    }

    /**
     * Takes the lock if nobody is in the way.
     *
     * @return empty if somebody is
     * @throws LockUnavailableException if the file system does not do {@code flock}, or the file is absent and cannot
     *     be created
     */
    public Optional<LockGuard> tryAcquire(FlockMode mode) throws KtstrException {
        try (Attempts attempts = new Attempts(mode)) {
            return attempts.next();
        }
    }

    /**
     * Takes the lock, however long that takes.
     *
     * @throws LockUnavailableException as {@link #tryAcquire}
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public LockGuard acquire(FlockMode mode) throws KtstrException {
        return acquire(mode, FOR_EVER);
    }

    /**
     * Takes the lock, waiting up to {@code timeout}. Tries at least once.
     *
     * @throws LockTimeoutException if it is still taken then
     * @throws LockUnavailableException as {@link #tryAcquire}, and if this very thread holds it
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public LockGuard acquire(FlockMode mode, Duration timeout) throws KtstrException {
        Duration limit = min(timeout, FOR_EVER);
        long start = environment.nanoTime();
        Duration nextMessage = UNTIL_FIRST_MESSAGE;
        try (Attempts attempts = new Attempts(mode);
                Pauses pauses = new Pauses()) {
            Optional<LockGuard> guard = attempts.next();
            while (guard.isEmpty()) {
                Duration waited = Duration.ofNanos(environment.nanoTime() - start);
                if (waited.compareTo(limit) >= 0) {
                    throw new LockTimeoutException(mode, what, timeout, file, holders(), remedy);
                }
                attempts.refuseToWaitForOneself();
                if (waited.compareTo(nextMessage) >= 0) {
                    events.accept(new KtstrEvent.Waiting(what, file, LockHolder.describe(holders()), waited, limit));
                    nextMessage = waited.plus(BETWEEN_MESSAGES);
                }
                pauses.next(limit.minus(waited));
                guard = attempts.several();
            }
            return guard.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LockInterruptedException(what, file, interrupted);
        }
    }

    /** Who holds it now, as far as this process can see; takes no lock. */
    public List<LockHolder> holders() {
        try {
            return ProcLocks.holders(file);
        } catch (IOException unreadable) {
            return List.of(); // only ever part of a message: who cannot be seen is not named
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /**
     * Attempts on one descriptor, which stays open between them: every close of an attempt of its own would look like
     * a release to whoever watches the file.
     */
    private final class Attempts implements AutoCloseable {
        private final FlockMode mode;
        private Optional<Fd> open = Optional.empty();

        Attempts(FlockMode mode) {
            this.mode = mode;
        }

        Optional<LockGuard> next() throws KtstrException {
            while (true) {
                Fd fd = open.isPresent() ? open.get() : open();
                open = Optional.of(fd);
                if (!fd.tryFlock(mode == FlockMode.EXCLUSIVE)) {
                    return Optional.empty();
                }
                // A cleaner of temporary files may have removed the name since: others would lock another inode.
                Optional<FileStat> named = FileStat.of(file);
                if (named.isPresent() && named.get().isSameFile(fd.stat())) {
                    open = Optional.empty();
                    return Optional.of(new LockGuard(file, mode, fd, heldLocks().note(named.get())));
                }
                close();
            }
        }

        /** As {@link #next}, a few times within some microseconds. */
        Optional<LockGuard> several() throws KtstrException {
            Optional<LockGuard> guard = next();
            for (int i = 0; i < RETRIES && guard.isEmpty(); i++) {
                LockSupport.parkNanos(RETRY_NANOS);
                guard = next();
            }
            return guard;
        }

        /** For after a failed attempt: whoever is in the way, if it is this thread it will not go away. */
        void refuseToWaitForOneself() throws KtstrException {
            if (open.isPresent() && heldLocks().isHeldByThisThread(open.get().stat())) {
                throw new LockUnavailableException(
                        ErrorCode.LOCK_SELF,
                        "locking " + what + " (" + mode.operation()
                                + "): this thread holds that lock itself, and would wait for itself for ever",
                        file,
                        "close the lease or guard first; a shared lock cannot be turned into an exclusive one",
                        null);
            }
        }

        @Override
        public void close() throws OsException {
            Optional<Fd> fd = open;
            open = Optional.empty();
            if (fd.isPresent()) {
                fd.get().close();
            }
        }

        private Fd open() throws KtstrException {
            while (true) {
                Optional<Fd> present = openIfPresent();
                if (present.isPresent()) {
                    return checked(present.get());
                }
                Optional<Fd> created = create();
                if (created.isPresent()) {
                    return checked(created.get());
                }
            }
        }

        private Optional<Fd> openIfPresent() throws KtstrException {
            try {
                return Fd.openIfPresent(file);
            } catch (OsException failed) {
                throw switch (failed.errno()) {
                    case EACCES, EPERM ->
                        unavailable(
                                "its lock file cannot be opened", failed, "let its owner allow it: chmod 0666 " + file);
                    default -> failed;
                };
            }
        }

        private Fd checked(Fd fd) throws KtstrException {
            try {
                RemoteFilesystems.refuse(file, fd.filesystemType());
                return fd;
            } catch (KtstrException refused) {
                fd.close();
                throw refused;
            }
        }

        /** Empty if somebody else has just created it. */
        private Optional<Fd> create() throws KtstrException {
            Path directory = file.toAbsolutePath().getParent();
            Optional<Long> type = directory == null ? Optional.empty() : Filesystems.typeAt(directory);
            if (type.isPresent()) {
                RemoteFilesystems.refuse(file, type.get()); // before there is a file to leave behind
            }
            Optional<Fd> created;
            try {
                created = Fd.create(file);
            } catch (OsException failed) {
                throw switch (failed.errno()) {
                    case EROFS, EACCES, EPERM, ENOENT ->
                        unavailable(
                                "its lock file is absent and cannot be created",
                                failed,
                                "create the empty file as somebody who may (mkdir -p " + directory + " && touch " + file
                                        + "), or use a writable copy");
                    default -> failed;
                };
            }
            if (created.isPresent()) {
                open = created; // closed by close() if the next line fails
                created.get().chmod(LOCK_FILE_MODE); // the original opens lock files for writing, also other users'
            }
            return created;
        }

        private LockUnavailableException unavailable(String why, OsException cause, String advice) {
            return new LockUnavailableException(
                    ErrorCode.LOCK_ABSENT,
                    "locking " + what + ": " + why + " (" + cause.errno() + ")",
                    file,
                    advice,
                    cause);
        }
    }

    /** What happens between attempts: waiting for the lock file to be closed, or where that cannot be had, sleeping. */
    private final class Pauses implements AutoCloseable {
        private Optional<ReleaseWatch.Watch> watch = Optional.empty();
        private boolean started;
        private Duration pause = FIRST_PAUSE;

        /** The first one only starts the watch: the lock may have been released before there was one. */
        void next(Duration limit) throws KtstrException, InterruptedException {
            if (!started) {
                started = true;
                watch = watch();
            } else if (watch.isPresent()) {
                watch.get().await(min(LONGEST_PAUSE, limit));
            } else {
                Duration length = min(pause, limit);
                Thread.sleep(length.toMillis(), length.toNanosPart() % 1_000_000);
                pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
            }
        }

        private Optional<ReleaseWatch.Watch> watch() throws NativeAccessException {
            try {
                // Of the process, whatever environment this is: a user has few inotify instances.
                return Optional.of(Environment.system()
                        .remembered(ReleaseWatch.class, ReleaseWatch::new)
                        .on(file));
            } catch (OsException none) {
                if (environment.firstTime("no inotify")) {
                    events.accept(new KtstrEvent.Warning("waiting for locks by looking again every "
                            + Durations.format(LONGEST_PAUSE) + ", because releases cannot be watched: "
                            + none.problem() + " (sysctl fs.inotify.max_user_instances, max_user_watches)"));
                }
                return Optional.empty();
            }
        }

        @Override
        public void close() throws OsException {
            if (watch.isPresent()) {
                watch.get().close();
            }
        }
    }

    private HeldLocks heldLocks() {
        return environment.remembered(HeldLocks.class, HeldLocks::new);
    }
}
