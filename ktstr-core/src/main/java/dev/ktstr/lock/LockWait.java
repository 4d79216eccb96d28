package dev.ktstr.lock;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Waiting for what somebody else has locked: when to try again, when to say so, when to give up. */
final class LockWait {
    /** The message names the holders: reading /proc/locks stops all locking on the machine for a while, so a crowd must not do it. */
    private static final Duration UNTIL_FIRST_MESSAGE = Duration.ofSeconds(1);

    private static final Duration BETWEEN_MESSAGES = Duration.ofSeconds(30);

    /** Longer than any deadline that can be told from "for ever" with a 64-bit nanosecond clock. */
    static final Duration FOR_EVER = Duration.ofDays(365L * 100);

    private LockWait() {}

    /** What is waited for. */
    interface Wanted<T> {
        Optional<T> attempt() throws KtstrException;

        /** Throws if it will never come, because it is this thread that is in the way. */
        void refuseToWaitForOneself() throws KtstrException;

        /** The lock files, of which any may be released; they are there. */
        List<Path> files() throws KtstrException;

        KtstrEvent waiting(Duration waited, Duration limit);

        KtstrException timedOut();

        KtstrException interrupted(InterruptedException cause);
    }

    /** Tries at least once, and until {@code timeout} is over. */
    static <T> T until(Wanted<T> wanted, Duration timeout, Environment environment, EventSink events)
            throws KtstrException {
        long start = environment.nanoTime();
        Optional<T> got = wanted.attempt();
        return got.isPresent() ? got.get() : keepTrying(wanted, start, timeout, environment, events);
    }

    private static <T> T keepTrying(
            Wanted<T> wanted, long start, Duration timeout, Environment environment, EventSink events)
            throws KtstrException {
        Duration limit = Durations.min(timeout, FOR_EVER);
        Duration nextMessage = UNTIL_FIRST_MESSAGE;
        try (LockPauses pauses = new LockPauses(wanted.files(), environment, events)) {
            while (true) {
                Duration waited = Duration.ofNanos(environment.nanoTime() - start);
                if (waited.compareTo(limit) >= 0) {
                    throw wanted.timedOut();
                }
                wanted.refuseToWaitForOneself();
                if (waited.compareTo(nextMessage) >= 0) {
                    events.accept(wanted.waiting(waited, limit));
                    nextMessage = waited.plus(BETWEEN_MESSAGES);
                }
                pauses.next(limit.minus(waited));
                Optional<T> got = wanted.attempt();
                if (got.isPresent()) {
                    return got.get();
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw wanted.interrupted(interrupted);
        }
    }
}
