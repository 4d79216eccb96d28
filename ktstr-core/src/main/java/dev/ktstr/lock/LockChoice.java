package dev.ktstr.lock;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Closer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Several sets of locks, any one of which will do: all the locks of a set are taken, or none. Whoever waits holds nothing
 * meanwhile, so nobody waits for somebody who waits. Immutable, safe for use by several threads.
 */
public final class LockChoice {
    /** The message of a large machine's timeout would otherwise name every CPU. */
    private static final int MOST_NAMED = 8;

    private final String what;
    private final String remedy;
    private final List<List<LockClaim>> alternatives;
    private final Environment environment;
    private final EventSink events;

    /**
     * @param what what all this is for, such as {@code reserving 2 CPUs}
     * @param remedy what to do when none of the alternatives becomes free
     * @param alternatives the better ones first; at least one, and none of them empty
     */
    public LockChoice(
            String what, String remedy, List<List<LockClaim>> alternatives, Environment environment, EventSink events) {
        if (alternatives.isEmpty() || alternatives.stream().anyMatch(List::isEmpty)) {
            throw new IllegalArgumentException("nothing to lock: " + alternatives);
        }
        this.what = what;
        this.remedy = remedy;
        this.alternatives = alternatives.stream().map(List::copyOf).toList();
        this.environment = environment;
        this.events = events;
    }

    /** The locks of one alternative, held until this is closed. */
    public static final class Taken implements AutoCloseable {
        private final int alternative;
        private final Closer guards;

        private Taken(int alternative, Closer guards) {
            this.alternative = alternative;
            this.guards = guards;
        }

        /** Which one, counted from 0. */
        public int alternative() {
            return alternative;
        }

        @Override
        public void close() throws IOException {
            guards.close();
        }
    }

    /**
     * Waits up to {@code timeout} until all locks of an alternative are free, and takes them. Tries each at least once.
     *
     * @throws LockTimeoutException if something of every alternative is still taken then
     * @throws LockUnavailableException if a lock file cannot be opened or created, and if it is this very thread that is in
     *     the way of every alternative
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public Taken acquire(Duration timeout) throws IOException {
        Duration limit = Durations.min(timeout, Flock.FOR_EVER);
        long start = environment.nanoTime();
        Duration nextMessage = Flock.UNTIL_FIRST_MESSAGE;
        try (Attempts attempts = new Attempts();
                LockPauses pauses = new LockPauses(attempts.files(), environment, events)) {
            Optional<Taken> taken = attempts.next();
            if (taken.isEmpty()) {
                attempts.prepare();
            }
            while (taken.isEmpty()) {
                Duration waited = Duration.ofNanos(environment.nanoTime() - start);
                if (waited.compareTo(limit) >= 0) {
                    throw timedOut(attempts.busy, timeout);
                }
                attempts.refuseToWaitForOneself();
                if (waited.compareTo(nextMessage) >= 0) {
                    events.accept(waiting(attempts.busy, waited, limit));
                    nextMessage = waited.plus(Flock.BETWEEN_MESSAGES);
                }
                pauses.next(limit.minus(waited));
                taken = attempts.next();
            }
            return taken.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LockInterruptedException(what, firstFile(), interrupted);
        }
    }

    private KtstrEvent waiting(Set<LockClaim> busy, Duration waited, Duration limit) {
        LockClaim first = busy.iterator().next();
        return new KtstrEvent.Waiting(
                what, first.lock().lockFile(), describe(busy, LockSurvey.now(environment)), waited, limit);
    }

    private LockTimeoutException timedOut(Set<LockClaim> busy, Duration timeout) {
        LockSurvey survey = LockSurvey.now(environment);
        return new LockTimeoutException(
                what + " timed out after " + Durations.format(timeout) + ":\n" + describe(busy, survey),
                busy.iterator().next().lock().lockFile(),
                busy.stream()
                        .flatMap(claim -> claim.lock().holders(survey).stream())
                        .distinct()
                        .toList(),
                remedy);
    }

    /** What is in the way, each with its holders. */
    private String describe(Set<LockClaim> busy, LockSurvey survey) {
        List<String> lines = new ArrayList<>();
        busy.stream()
                .limit(MOST_NAMED)
                .forEach(claim -> lines.add("  " + claim.lock().what() + " busy ("
                        + claim.mode().operation() + ", lockfile "
                        + claim.lock().lockFile() + "), held by:\n"
                        + LockHolder.describe(claim.lock().holders(survey), environment.clock())
                                .indent(2)
                                .stripTrailing()));
        if (busy.size() > MOST_NAMED) {
            lines.add("  and " + (busy.size() - MOST_NAMED) + " more");
        }
        return String.join("\n", lines);
    }

    private Path firstFile() {
        return alternatives.get(0).get(0).lock().lockFile();
    }

    /** Attempts on descriptors that all stay open until one alternative has been taken. */
    private final class Attempts implements AutoCloseable {
        private final Map<LockClaim, LockAttempts> each = new LinkedHashMap<>();

        /** What was in the way of each alternative the last time. */
        private Set<LockClaim> busy = new LinkedHashSet<>();

        Attempts() {
            alternatives.forEach(claims -> claims.forEach(
                    claim -> each.computeIfAbsent(claim, absent -> claim.lock().attempts(claim.mode()))));
        }

        /** For what watches all their files. */
        void prepare() throws KtstrException {
            for (LockAttempts attempts : each.values()) {
                attempts.prepare();
            }
        }

        List<Path> files() {
            return each.keySet().stream()
                    .map(claim -> claim.lock().lockFile())
                    .distinct()
                    .toList();
        }

        Optional<Taken> next() throws IOException {
            busy = new LinkedHashSet<>();
            for (int i = 0; i < alternatives.size(); i++) {
                Optional<Closer> guards = all(alternatives.get(i));
                if (guards.isPresent()) {
                    return Optional.of(new Taken(i, guards.get()));
                }
            }
            return Optional.empty();
        }

        /** All of them, or none. What another alternative found busy just now is not tried again. */
        private Optional<Closer> all(List<LockClaim> claims) throws IOException {
            Map<LockClaim, LockGuard> taken = new LinkedHashMap<>();
            try (Closer closer = new Closer()) {
                for (LockClaim claim : claims) {
                    Optional<LockGuard> guard = busy.contains(claim)
                            ? Optional.empty()
                            : attempts(claim).next();
                    if (guard.isEmpty()) {
                        busy.add(claim);
                        putBack(taken);
                        closer.keep();
                        return Optional.empty();
                    }
                    taken.put(claim, guard.get());
                    closer.add(guard.get()::close);
                }
                closer.keep();
            }
            Closer guards = new Closer();
            taken.forEach((claim, guard) -> guards.add(claim.lock().recorded(guard, claim.mode())::close));
            return Optional.of(guards);
        }

        private void putBack(Map<LockClaim, LockGuard> taken) throws KtstrException {
            for (Map.Entry<LockClaim, LockGuard> each : taken.entrySet()) {
                attempts(each.getKey()).putBack(each.getValue());
            }
        }

        private LockAttempts attempts(LockClaim claim) {
            LockAttempts attempts = each.get(claim);
            if (attempts == null) {
                throw new IllegalStateException("not wanted: " + claim);
            }
            return attempts;
        }

        /** For after a failed round: if this thread itself is in the way everywhere, waiting is for ever. */
        void refuseToWaitForOneself() throws KtstrException {
            for (LockClaim claim : busy) {
                if (!attempts(claim).isHeldByThisThread()) {
                    return;
                }
            }
            LockClaim first = busy.iterator().next();
            throw new LockUnavailableException(
                    ErrorCode.LOCK_SELF,
                    what + ": this thread itself holds " + first.lock().what() + ", and would wait for itself for ever",
                    first.lock().lockFile(),
                    "close what it reserved before, or reserve everything at once",
                    null);
        }

        @Override
        public void close() throws IOException {
            try (Closer closer = new Closer()) {
                each.values().forEach(attempts -> closer.add(attempts::close));
            }
        }
    }
}
