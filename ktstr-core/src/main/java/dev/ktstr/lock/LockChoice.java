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

    /** The locks of one alternative, held until this is closed. Not to be closed by two threads at the same time. */
    public static final class Taken implements AutoCloseable {
        private final int alternative;
        private final Closer guards = new Closer();

        private Taken(int alternative, List<LockGuard> guards) {
            this.alternative = alternative;
            guards.forEach(guard -> this.guards.add(guard::close));
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
     * Waits up to {@code timeout} until all locks of an alternative are free, and takes them. Tries each at least once. A lock
     * that cannot be taken at all, because its file cannot be opened say, is passed over, with a warning, as long as there is an
     * alternative without it.
     *
     * @throws LockTimeoutException if something of every alternative is still taken then
     * @throws LockUnavailableException if every alternative has a lock that cannot be taken at all, and if it is this very
     *     thread that is in the way of every alternative
     * @throws LockInterruptedException if the thread is interrupted meanwhile
     */
    public Taken acquire(Duration timeout) throws KtstrException {
        try (Attempts attempts = new Attempts(timeout)) {
            return LockWait.until(attempts, timeout, environment, events);
        }
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

    /** Attempts on descriptors that all stay open until one alternative has been taken. */
    private final class Attempts implements LockWait.Wanted<Taken>, AutoCloseable {
        private final Duration timeout;
        private final Map<LockClaim, LockAttempts> each = new LinkedHashMap<>();
        private final Map<LockClaim, KtstrException> unusable = new LinkedHashMap<>();

        /** What was in the way of each alternative the last time. */
        private final Set<LockClaim> busy = new LinkedHashSet<>();

        Attempts(Duration timeout) {
            this.timeout = timeout;
            alternatives.forEach(claims -> claims.forEach(
                    claim -> each.computeIfAbsent(claim, absent -> claim.lock().attempts(claim.mode()))));
        }

        @Override
        public Optional<Taken> attempt() throws KtstrException {
            busy.clear();
            for (int i = 0; i < alternatives.size(); i++) {
                Optional<List<LockGuard>> guards = all(alternatives.get(i));
                if (guards.isPresent()) {
                    return Optional.of(new Taken(i, guards.get()));
                }
            }
            if (busy.isEmpty()) {
                throw unusable.values().iterator().next(); // nobody is in the way, and waiting would not help
            }
            return Optional.empty();
        }

        /** All of them, or none. What another alternative found busy just now is not tried again. */
        private Optional<List<LockGuard>> all(List<LockClaim> claims) throws KtstrException {
            if (claims.stream().anyMatch(unusable::containsKey)) {
                return Optional.empty();
            }
            Map<LockClaim, LockGuard> taken = new LinkedHashMap<>();
            boolean isWhole = false;
            try {
                for (LockClaim claim : claims) {
                    Optional<LockGuard> guard = busy.contains(claim) ? Optional.empty() : attempt(claim);
                    if (guard.isEmpty()) {
                        if (!unusable.containsKey(claim)) {
                            busy.add(claim);
                        }
                        return Optional.empty();
                    }
                    taken.put(claim, guard.get());
                }
                isWhole = true;
            } finally {
                if (!isWhole) {
                    putBack(taken);
                }
            }
            List<LockGuard> guards = new ArrayList<>();
            taken.forEach((claim, guard) -> guards.add(claim.lock().recorded(guard, claim.mode())));
            return Optional.of(guards);
        }

        private Optional<LockGuard> attempt(LockClaim claim) {
            try {
                return of(claim).next();
            } catch (KtstrException refused) {
                passOver(claim, refused);
                return Optional.empty();
            }
        }

        private void passOver(LockClaim claim, KtstrException refused) {
            unusable.put(claim, refused);
            if (alternatives.size() > 1
                    && environment.firstTime("unusable " + claim.lock().lockFile())) {
                events.accept(
                        new KtstrEvent.Warning("passing over " + claim.lock().what() + ": " + refused.problem() + " ("
                                + claim.lock().lockFile() + "); " + refused.remedy()));
            }
        }

        private void putBack(Map<LockClaim, LockGuard> taken) throws KtstrException {
            for (Map.Entry<LockClaim, LockGuard> guard : taken.entrySet()) {
                of(guard.getKey()).putBack(guard.getValue());
            }
        }

        private LockAttempts of(LockClaim claim) {
            LockAttempts attempts = each.get(claim);
            if (attempts == null) {
                throw new IllegalStateException("not wanted: " + claim);
            }
            return attempts;
        }

        @Override
        public List<Path> files() {
            each.forEach((claim, attempts) -> {
                try {
                    attempts.prepare();
                } catch (KtstrException refused) {
                    passOver(claim, refused);
                }
            });
            return each.keySet().stream()
                    .filter(claim -> !unusable.containsKey(claim))
                    .map(claim -> claim.lock().lockFile())
                    .distinct()
                    .toList();
        }

        @Override
        public void refuseToWaitForOneself() throws KtstrException {
            for (LockClaim claim : busy) {
                if (!of(claim).isHeldByThisThread()) {
                    return;
                }
            }
            Flock first = firstBusy();
            throw new LockUnavailableException(
                    ErrorCode.LOCK_SELF,
                    what + ": this thread itself holds " + first.what() + ", and would wait for itself for ever",
                    first.lockFile(),
                    "close what it took before, or take everything at once",
                    null);
        }

        @Override
        public KtstrEvent waiting(Duration waited, Duration limit) {
            return new KtstrEvent.Waiting(
                    what, firstBusy().lockFile(), describe(busy, LockSurvey.now(environment)), waited, limit);
        }

        @Override
        public KtstrException timedOut() {
            LockSurvey survey = LockSurvey.now(environment);
            return new LockTimeoutException(
                    what + " timed out after " + Durations.format(timeout) + ":\n" + describe(busy, survey),
                    firstBusy().lockFile(),
                    busy.stream()
                            .flatMap(claim -> claim.lock().holders(survey).stream())
                            .distinct()
                            .toList(),
                    remedy);
        }

        @Override
        public KtstrException interrupted(InterruptedException cause) {
            return new LockInterruptedException(what, firstBusy().lockFile(), cause);
        }

        private Flock firstBusy() {
            return busy.iterator().next().lock();
        }

        /** Does not throw: by now an alternative may have been taken, and its locks would be lost. */
        @Override
        public void close() {
            each.forEach((claim, attempts) -> {
                try {
                    attempts.close();
                } catch (KtstrException failed) {
                    events.accept(new KtstrEvent.Warning(
                            "could not close " + claim.lock().lockFile() + ": " + failed.problem()));
                }
            });
        }
    }
}
