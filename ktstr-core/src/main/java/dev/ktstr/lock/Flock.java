package dev.ktstr.lock;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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
    private final Path file;
    private final Purpose purpose;
    private final Records records;
    private final Environment environment;
    private final EventSink events;

    private Flock(Path file, Purpose purpose, Records records, Environment environment, EventSink events) {
        this.file = file;
        this.purpose = purpose;
        this.records = records;
        this.environment = environment;
        this.events = events;
    }

    /** What it guards, and what to do when it stays taken. */
    private record Purpose(String what, String remedy) {}

    /** Where holders say who they are, if anywhere, and whether we do. */
    private record Records(Optional<HolderDirectory> directory, boolean areLeft, Optional<String> test) {}

    /** The lock on a file, in this process's environment, that reports to nobody. Touches nothing yet. */
    public static Flock on(Path lockFile) {
        return on(lockFile, Environment.system(), event -> {});
    }

    /** The lock on a file; {@code events} is told when we wait. Touches nothing yet. */
    public static Flock on(Path lockFile, Environment environment, EventSink events) {
        return new Flock(
                lockFile,
                new Purpose(lockFile.toString(), "wait for the holders to finish, or end them, and try again"),
                new Records(Optional.empty(), false, Optional.empty()),
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
        return new Flock(file, new Purpose(thing, advice), records, environment, events);
    }

    /**
     * The same lock, whose holders can be found in a directory even where {@code /proc/locks} does not show them, as in
     * another container. Leaves nothing there itself.
     *
     * @param holders where {@link #recordedIn} leaves records; need not be there
     */
    public Flock withHoldersIn(Path holders) {
        return with(new Records(Optional.of(new HolderDirectory(holders, file)), false, records.test));
    }

    /**
     * As {@link #withHoldersIn}, and whoever takes the lock through this leaves a record there of who they are, until the
     * guard is closed: {@code <holders>/<lock file name>/<pid>-<8 hex>}. Where none can be written, the lock is taken
     * without.
     *
     * @param holders is created if need be; the directory that it is in is not
     */
    public Flock recordedIn(Path holders) {
        return with(new Records(Optional.of(new HolderDirectory(holders, file)), true, records.test));
    }

    /** The same lock, taken for a test: records say so. */
    public Flock forTest(String test) {
        return with(new Records(records.directory, records.areLeft, Optional.of(test)));
    }

    private Flock with(Records other) {
        return new Flock(file, purpose, other, environment, events);
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
        try (LockAttempts attempts = attempts(mode)) {
            return attempts.next().map(guard -> recorded(guard, mode));
        }
    }

    /** As {@link #tryAcquire}, for whoever looks for debris: makes no lock file, and is empty too if there is none. */
    public Optional<LockGuard> tryAcquireIfPresent(FlockMode mode) throws KtstrException {
        try (LockAttempts attempts = attempts(mode)) {
            return attempts.nextIfPresent().map(guard -> recorded(guard, mode));
        }
    }

    /**
     * Takes the lock, however long that takes.
     *
     * @throws LockUnavailableException as {@link #tryAcquire}
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public LockGuard acquire(FlockMode mode) throws KtstrException {
        return acquire(mode, LockWait.FOR_EVER);
    }

    /**
     * Takes the lock, waiting up to {@code timeout}. Tries at least once.
     *
     * @throws LockTimeoutException if it is still taken then
     * @throws LockUnavailableException as {@link #tryAcquire}, and if this very thread holds it
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public LockGuard acquire(FlockMode mode, Duration timeout) throws KtstrException {
        try (LockAttempts attempts = attempts(mode)) {
            LockGuard guard = LockWait.until(new Waiting(attempts, mode, timeout), timeout, environment, events);
            return recorded(guard, mode);
        }
    }

    private final class Waiting implements LockWait.Wanted<LockGuard> {
        private final LockAttempts attempts;
        private final FlockMode mode;
        private final Duration timeout;

        Waiting(LockAttempts attempts, FlockMode mode, Duration timeout) {
            this.attempts = attempts;
            this.mode = mode;
            this.timeout = timeout;
        }

        @Override
        public Optional<LockGuard> attempt() throws KtstrException {
            return attempts.next();
        }

        @Override
        public void refuseToWaitForOneself() throws KtstrException {
            attempts.refuseToWaitForOneself();
        }

        @Override
        public List<Path> files() {
            return List.of(file);
        }

        @Override
        public KtstrEvent waiting(Duration waited, Duration limit) {
            return new KtstrEvent.Waiting(
                    purpose.what, file, LockHolder.describe(holders(), environment.clock()), waited, limit);
        }

        @Override
        public KtstrException timedOut() {
            return new LockTimeoutException(
                    mode, purpose.what, timeout, file, holders(), environment.clock(), purpose.remedy);
        }

        @Override
        public KtstrException interrupted(InterruptedException cause) {
            return new LockInterruptedException(purpose.what, file, cause);
        }
    }

    /** Who holds it now, as far as this process can see; takes no lock. */
    public List<LockHolder> holders() {
        return holders(LockSurvey.now(environment));
    }

    List<LockHolder> holders(LockSurvey survey) {
        return survey.holders(file, records.directory);
    }

    /** What it guards. */
    String what() {
        return purpose.what;
    }

    /** The lock that has been granted, with the record that its guard removes. */
    LockGuard recorded(LockGuard guard, FlockMode mode) {
        try {
            return withRecord(guard, mode);
        } catch (RuntimeException | Error bug) {
            guard.close();
            throw bug;
        }
    }

    private LockGuard withRecord(LockGuard guard, FlockMode mode) {
        if (records.directory.isEmpty()) {
            return guard;
        }
        HolderDirectory directory = records.directory.get();
        Instant now = environment.clock().instant();
        if (mode == FlockMode.EXCLUSIVE) {
            directory.live(now); // for what this removes: whatever is there has been left behind
        }
        if (!records.areLeft) {
            return guard;
        }
        return directory
                .leave(ThisProcess.here(), mode, now, records.test.orElse(null), environment.randomSuffix())
                .map(guard::closingFirst)
                .orElse(guard);
    }

    LockAttempts attempts(FlockMode mode) {
        // Of the process, whatever environment this is: a thread is one and the same in all of them.
        HeldLocks held = Environment.system().remembered(HeldLocks.class, HeldLocks::new);
        return new LockAttempts(file, purpose.what, mode, held);
    }
}
