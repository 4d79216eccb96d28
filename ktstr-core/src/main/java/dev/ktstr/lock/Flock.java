package dev.ktstr.lock;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
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
    private static final Duration UNTIL_FIRST_MESSAGE = Duration.ofMillis(200);
    private static final Duration BETWEEN_MESSAGES = Duration.ofSeconds(30);

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
        try (LockAttempts attempts = attempts(mode)) {
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
        Duration limit = Durations.min(timeout, FOR_EVER);
        long start = environment.nanoTime();
        Duration nextMessage = UNTIL_FIRST_MESSAGE;
        try (LockAttempts attempts = attempts(mode);
                LockPauses pauses = new LockPauses(file, environment, events)) {
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

    private LockAttempts attempts(FlockMode mode) {
        // Of the process, whatever environment this is: a thread is one and the same in all of them.
        HeldLocks held = Environment.system().remembered(HeldLocks.class, HeldLocks::new);
        return new LockAttempts(file, what, mode, held);
    }
}
