package dev.ktstr.host;

import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockChoice;
import dev.ktstr.lock.LockClaim;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.lock.LockTimeoutException;
import dev.ktstr.os.Closer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The CPUs of this machine, for reserving some. With {@code KTSTR_BYPASS_LLC_LOCKS} in the environment nothing is locked:
 * reservations then are of all CPUs that this process may use, and confine nothing. Immutable, safe for use by several threads; each thread is to reserve all
 * that it needs at once.
 */
public final class HostResources {
    /** How long to wait where nothing else is said. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

    private static final String CAP = "KTSTR_CPU_CAP";
    private static final String BYPASS = "KTSTR_BYPASS_LLC_LOCKS";
    private static final double SHARE_WITHOUT_CAP = 0.3;
    private static final Closer.Resource NOTHING = () -> {};

    private final Topology topology;
    private final HostLocks locks;
    private final boolean isBypassed;
    private final Environment environment;
    private final EventSink events;
    private final @Nullable String test;

    HostResources(Topology topology, Environment environment, EventSink events, @Nullable String test)
            throws EnvironmentException {
        this.topology = topology;
        this.locks = HostLocks.of(environment);
        this.isBypassed = environment.variable(BYPASS).isPresent();
        this.environment = environment;
        this.events = events;
        this.test = test;
    }

    /** One of the ways to have what is wanted. */
    private record Option(List<Integer> cpus, List<LastLevelCache> caches, List<LockClaim> claims) {}

    /** As {@link #open(Environment, EventSink)}, telling nobody. */
    public static HostResources open(Environment environment) throws IOException {
        return open(environment, event -> {});
    }

    /**
     * This machine's, as its kernel shows them now.
     *
     * @param events is told when we wait, and of memory that lies on several NUMA nodes
     */
    public static HostResources open(Environment environment, EventSink events) throws IOException {
        return new HostResources(Topology.read(), environment, events, null);
    }

    /** The same, reserved for a test: records of who holds what say so. */
    public HostResources forTest(String name) throws EnvironmentException {
        return new HostResources(topology, environment, events, name);
    }

    public Topology topology() {
        return topology;
    }

    /** As {@link #reserveCpus(int, Duration)}, with the {@link #DEFAULT_TIMEOUT}. */
    public Reservation reserveCpus(int count) throws IOException {
        return reserveCpus(count, DEFAULT_TIMEOUT);
    }

    /**
     * Reserves CPUs for oneself, which others may have neighbours of: neighbouring numbers among those that this process may
     * use, of few caches.
     *
     * @param count how many; none for 0
     * @param timeout how long to wait until so many are free together; 0 for not at all
     * @throws HostException if there are not so many, and at once if this thread has reserved others and these are not free
     * @throws LockTimeoutException if they were not free in that time; it names who holds them
     */
    public Reservation reserveCpus(int count, Duration timeout) throws IOException {
        if (count < 0) {
            throw new IllegalArgumentException("fewer than no CPUs: " + count);
        }
        List<Integer> allowed = List.copyOf(topology.allowed());
        if (isBypassed || count == 0) {
            return unreserved(count == 0 ? List.of() : allowed);
        }
        String what = "reserving " + cpus(count) + (test == null ? "" : " for " + test);
        requireEnough(what, count, allowed.size());
        Claims claims = new Claims();
        List<Option> options = new ArrayList<>();
        for (int first = 0; first + count <= allowed.size(); first++) {
            List<Integer> cpus = allowed.subList(first, first + count);
            List<LastLevelCache> caches = caches(cpus);
            List<LockClaim> wanted = claims.ofCaches(caches, FlockMode.SHARED);
            wanted.addAll(claims.ofCpus(cpus));
            options.add(new Option(cpus, caches, wanted));
        }
        options.sort(Comparator.comparingInt(option -> option.caches().size()));
        return acquire(what, options, timeout);
    }

    /** As {@link #reserveLlcs(int, Duration)}, with the {@link #DEFAULT_TIMEOUT}. */
    public Reservation reserveLlcs(int count) throws IOException {
        return reserveLlcs(count, DEFAULT_TIMEOUT);
    }

    /**
     * Reserves last-level caches with all their CPUs, so that nobody else disturbs what runs there.
     *
     * @param count how many; none for 0
     * @param timeout how long to wait until so many are free; 0 for not at all
     * @throws HostException if this process may not use CPUs of so many
     * @throws LockTimeoutException if they were not free in that time; it names who holds them
     */
    public Reservation reserveLlcs(int count, Duration timeout) throws IOException {
        if (count < 0) {
            throw new IllegalArgumentException("fewer than no caches: " + count);
        }
        List<LastLevelCache> usable = caches(topology.allowed());
        if (isBypassed || count == 0) {
            return unreserved(count == 0 ? List.of() : topology.allowed());
        }
        String what = "reserving " + count + (count == 1 ? " last-level cache" : " last-level caches");
        if (count > usable.size()) {
            throw tooMany(what, usable.size() + " with CPUs that this process may use");
        }
        Claims claims = new Claims();
        List<Option> options = new ArrayList<>();
        for (int first = 0; first + count <= usable.size(); first++) {
            List<LastLevelCache> caches = usable.subList(first, first + count);
            options.add(new Option(allowedOf(caches), caches, claims.ofCaches(caches, FlockMode.EXCLUSIVE)));
        }
        options.sort(Comparator.comparingLong(option ->
                option.caches().stream().map(LastLevelCache::node).distinct().count()));
        return acquire(what, options, timeout);
    }

    /**
     * Reserves a share of the machine, for a build say: others may have shares of the same caches at the same time, but nobody
     * has these caches for themselves.
     *
     * @param cap how many CPUs; without it {@code KTSTR_CPU_CAP}, else three of ten that this process may use, rounded up
     * @param timeout how long to wait for those that have caches for themselves; 0 for not at all
     * @throws HostException if there are not so many CPUs
     * @throws EnvironmentException if {@code KTSTR_CPU_CAP} is no number of CPUs, or contradicts
     *     {@code KTSTR_BYPASS_LLC_LOCKS}
     * @throws LockTimeoutException if the caches were not free in that time; it names who holds them
     */
    public Reservation reserveShare(OptionalInt cap, Duration timeout) throws IOException {
        int budget = share(cap);
        if (isBypassed) {
            return unreserved(topology.allowed());
        }
        Claims claims = new Claims();
        List<Option> options = new ArrayList<>();
        for (List<LastLevelCache> caches : Share.plans(topology, budget, holders())) {
            List<Integer> cpus = allowedOf(caches).subList(0, budget);
            options.add(new Option(cpus, caches, claims.ofCaches(caches, FlockMode.SHARED)));
        }
        Reservation share = acquire(sharing(budget), options, timeout);
        if (share.memoryNodes().size() > 1) {
            events.accept(new KtstrEvent.Warning(share + " are of several NUMA nodes (" + share.memoryNodes()
                    + "), so that some memory will be far; a smaller cap would fit into one"));
        }
        return share;
    }

    /**
     * How many CPUs {@link #reserveShare} would be of; nothing is reserved.
     *
     * @throws HostException as that does
     * @throws EnvironmentException as that does
     */
    public int share(OptionalInt cap) throws IOException {
        OptionalInt wanted = cap.isPresent() ? cap : capOfVariable();
        int allowed = topology.allowed().size();
        if (wanted.isPresent() && wanted.getAsInt() < 1) {
            throw new EnvironmentException(
                    ErrorCode.ENV_SETTING,
                    "reading the CPU cap: it must be ≥ 1 CPU (got " + wanted.getAsInt() + ")",
                    "give a number of CPUs from 1 to " + allowed + ", or none",
                    null);
        }
        if (isBypassed) {
            if (wanted.isPresent()) {
                throw new EnvironmentException(
                        ErrorCode.ENV_SETTING,
                        "reserving CPUs: a CPU cap is a resource contract with others on this machine, and " + BYPASS
                                + " is set, which is for having none",
                        "unset " + BYPASS + ", or leave out the cap",
                        null);
            }
            return allowed;
        }
        int budget = wanted.orElse(Math.max(1, (int) Math.ceil(allowed * SHARE_WITHOUT_CAP)));
        requireEnough("heeding a CPU cap of " + budget + " (" + CAP + ", or given)", budget, allowed);
        return budget;
    }

    private static String sharing(int budget) {
        return "reserving a share of " + cpus(budget);
    }

    /** The locks of one request: one object each, as {@link LockClaim} wants it. */
    private final class Claims {
        private final Map<String, Flock> flocks = new HashMap<>();

        List<LockClaim> ofCaches(Collection<LastLevelCache> caches, FlockMode mode) {
            List<LockClaim> claims = new ArrayList<>();
            for (LastLevelCache cache : caches) {
                Flock flock = flocks.computeIfAbsent(
                        "llc " + cache.index(), absent -> named(locks.llc(cache.index(), environment, events)));
                claims.add(new LockClaim(flock, mode));
            }
            return claims;
        }

        List<LockClaim> ofCpus(List<Integer> cpus) {
            List<LockClaim> claims = new ArrayList<>();
            for (int cpu : cpus) {
                Flock flock =
                        flocks.computeIfAbsent("cpu " + cpu, absent -> named(locks.cpu(cpu, environment, events)));
                claims.add(new LockClaim(flock, FlockMode.EXCLUSIVE));
            }
            return claims;
        }

        private Flock named(Flock flock) {
            return test == null ? flock : flock.forTest(test);
        }
    }

    private Reservation acquire(String what, List<Option> options, Duration timeout) throws IOException {
        LockChoice choice = new LockChoice(
                what,
                "wait for the holders to finish, or end them, and try again; the goal \"locks\" shows who holds what ("
                        + BYPASS + "=1 reserves nothing, and disturbs them)",
                options.stream().map(Option::claims).toList(),
                environment,
                events);
        Programs programs = new Programs(environment);
        ReservingThreads threads = Environment.system().remembered(ReservingThreads.class, ReservingThreads::new);
        LockChoice.Taken taken = threads.isCurrentOne() ? takeAtOnce(what, choice) : choice.acquire(timeout);
        Closer closer = new Closer();
        closer.add(threads.note());
        closer.add(taken::close);
        Option option = options.get(taken.alternative());
        return new Reservation(option.cpus(), option.caches(), true, programs, closer::close);
    }

    /** Two who each had some, and waited for those of the other, would wait for ever. */
    private static LockChoice.Taken takeAtOnce(String what, LockChoice choice) throws IOException {
        try {
            return choice.acquire(Duration.ZERO);
        } catch (LockTimeoutException busy) {
            throw new HostException(
                    ErrorCode.LOCK_SELF,
                    what
                            + ": they are not free, and this thread has reserved CPUs already: whoever has some does not wait"
                            + " for more",
                    busy.path().orElse(null),
                    "reserve all that is needed at once, or close the other reservation first",
                    busy);
        }
    }

    private Reservation unreserved(Collection<Integer> cpus) throws EnvironmentException {
        return new Reservation(List.copyOf(cpus), caches(cpus), false, new Programs(environment), NOTHING);
    }

    private List<LastLevelCache> caches(Collection<Integer> cpus) {
        return topology.caches().stream()
                .filter(cache -> cpus.stream().anyMatch(cache.cpus()::contains))
                .toList();
    }

    private List<Integer> allowedOf(List<LastLevelCache> caches) {
        return topology.allowed().stream()
                .filter(cpu -> caches.stream().anyMatch(cache -> cache.cpus().contains(cpu)))
                .toList();
    }

    /** How many hold each cache's lock, by index. */
    private List<Integer> holders() throws IOException {
        Map<String, Integer> known = new HashMap<>();
        for (ListedLock lock : locks.llcs(LockSurvey.now(environment))) {
            known.put(lock.name(), lock.holders().size());
        }
        return topology.caches().stream()
                .map(cache -> known.getOrDefault(Integer.toString(cache.index()), 0))
                .toList();
    }

    private OptionalInt capOfVariable() throws EnvironmentException {
        Optional<String> text = environment.variable(CAP);
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(Integer.parseInt(text.get().strip()));
        } catch (NumberFormatException noNumber) {
            throw new EnvironmentException(
                    ErrorCode.ENV_SETTING,
                    "reading " + CAP + ": \"" + text.get() + "\" is no number of CPUs",
                    "set " + CAP + " to a number from 1 on, or unset it",
                    noNumber);
        }
    }

    private void requireEnough(String what, int count, int there) throws HostException {
        if (count > there) {
            throw tooMany(what, cpus(there) + " that this process may use");
        }
    }

    private static HostException tooMany(String what, String there) {
        return new HostException(
                ErrorCode.HOST_CPUS,
                what + ": there are only " + there,
                null,
                "ask for fewer, or run where there are more (nproc says how many; a container or taskset may allow fewer"
                        + " than the machine has)",
                null);
    }

    private static String cpus(int count) {
        return count == 1 ? "1 CPU" : count + " CPUs";
    }
}
