package dev.ktstr.lock;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

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
    private static final Duration BETWEEN_REMINDERS = Duration.ofSeconds(30);

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
     * @throws LockUnavailableException as {@link #tryAcquire}
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public LockGuard acquire(FlockMode mode, Duration timeout) throws KtstrException {
        Duration limit = timeout.compareTo(FOR_EVER) > 0 ? FOR_EVER : timeout;
        long start = environment.nanoTime();
        Duration pause = FIRST_PAUSE;
        Duration nextReminder = Duration.ZERO;
        try (Attempts attempts = new Attempts(mode)) {
            while (true) {
                Optional<LockGuard> guard = attempts.next();
                if (guard.isPresent()) {
                    return guard.get();
                }
                Duration waited = Duration.ofNanos(environment.nanoTime() - start);
                if (waited.compareTo(limit) >= 0) {
                    throw new LockTimeoutException(mode, what, timeout, file, holders(), remedy);
                }
                if (waited.compareTo(nextReminder) >= 0) {
                    events.accept(new KtstrEvent.Waiting(what, file, LockHolder.describe(holders()), waited, limit));
                    nextReminder = waited.plus(BETWEEN_REMINDERS);
                }
                pause(min(pause, limit.minus(waited)));
                pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
            }
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

    private void pause(Duration length) throws LockInterruptedException {
        try {
            Thread.sleep(length.toMillis(), length.toNanosPart() % 1_000_000);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LockInterruptedException(what, file, interrupted);
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
                    return Optional.of(new LockGuard(file, mode, fd));
                }
                close();
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
}
