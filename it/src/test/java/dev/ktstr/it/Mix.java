package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.lock.LockTimeoutException;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** One thread's random use of a store, which checks at every step that nobody has spoiled it. */
final class Mix {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What everybody around does to the store, and so what has to be expected; and what this one does. */
    enum Mode {
        /** Everybody asks for locks: nothing may be lost under one. */
        STRICT,
        /** Somebody cleans without asking. */
        CLEANING,
        /** As {@link #CLEANING}, but this one only stores. */
        STORING,
        /** As {@link #STRICT}, but this one only reads. */
        READING
    }

    private final KernelCache cache;
    private final MarkedKernel kernel;
    private final Path scratch;
    private final List<String> keys;
    private final Mode mode;
    private final Random random;
    private final Tally tally;

    Mix(
            KernelCache cache,
            MarkedKernel kernel,
            Path scratch,
            List<String> keys,
            Mode mode,
            Random random,
            Tally tally) {
        this.cache = cache;
        this.kernel = kernel;
        this.scratch = scratch;
        this.keys = keys;
        this.mode = mode;
        this.random = random;
        this.tally = tally;
    }

    /** One thing, at random. */
    void step() throws Exception {
        String key = keys.get(random.nextInt(keys.size()));
        int dice = switch (mode) {
            case STORING -> 0;
            case READING -> random.nextInt(30, 97);
            default -> random.nextInt(100);
        };
        if (dice < 30) {
            store(key);
        } else if (dice < 65) {
            lease(key);
        } else if (dice < 85) {
            read(key);
        } else if (dice < 97) {
            list();
        } else {
            clean(key);
        }
    }

    /** Whether everybody around asks for locks. */
    private boolean isStrict() {
        return mode == Mode.STRICT || mode == Mode.READING;
    }

    private void store(String key) throws IOException {
        String generation = String.format("%016x", random.nextLong());
        StoreRequest.Builder request =
                kernel.request(generation, scratch).key(key).lockTimeout(PATIENCE);
        try {
            StoreResult result =
                    cache.store(request.replace(random.nextBoolean()).build());
            assertThat(result.strip()).isPresent();
            tally.add(result.outcome() == StoreResult.Outcome.STORED ? "stored" : "replaced");
            if (random.nextInt(6) == 0
                    && cache.store(request.replace(false).build()).outcome() == StoreResult.Outcome.ALREADY_STORED) {
                tally.add("already");
            }
        } catch (LockTimeoutException busy) {
            tally.add("busy");
        } catch (KtstrException removedAtOnce) {
            countAsLost("lost-stores", removedAtOnce);
        }
    }

    private void lease(String key) throws Exception {
        try (KernelLease lease = cache.lease(key, PATIENCE)) {
            examine(lease);
        } catch (LockTimeoutException busy) {
            tally.add("busy");
        } catch (KtstrException missing) {
            if (missing.code() == ErrorCode.ENTRY_MISSING) {
                tally.add("absent");
            } else {
                countAsLost("lost-leases", missing);
            }
        }
    }

    private void examine(KernelLease lease) throws Exception {
        KernelEntry entry = lease.entry();
        List<String> problems;
        try {
            String generation = MarkedKernel.generation(entry);
            Thread.sleep(random.nextInt(20));
            problems = lease.verify().problems();
            assertThat(MarkedKernel.generation(entry)).isEqualTo(generation);
        } catch (NoSuchFileException taken) {
            problems = List.of(taken.toString());
        }
        if (problems.isEmpty()) {
            tally.add("leases");
            tally.add(entry.metadata().jvm() == null ? "foreign-leases" : "own-leases");
        } else {
            assertThat(mode).as("%s under a lease: %s", entry, problems).isEqualTo(Mode.CLEANING);
            requireNoticed(lease);
            tally.add("lost");
        }
    }

    /** What has been taken away under a lease, {@link KernelLease#check} says. */
    private static void requireNoticed(KernelLease lease) throws IOException {
        try {
            lease.check();
        } catch (KtstrException noticed) {
            assertThat(noticed.code()).isEqualTo(ErrorCode.ENTRY_DAMAGED);
            return;
        }
        throw new AssertionError("files of " + lease.entry() + " are gone, and its lease finds nothing wrong");
    }

    /** Without a lock: a file may be gone, but never half. */
    private void read(String key) throws Exception {
        tally.add("lookups");
        Optional<KernelEntry> entry = cache.lookup(key);
        if (entry.isEmpty()) {
            tally.add("misses");
            return;
        }
        try {
            MarkedKernel.generation(entry.get().image());
        } catch (NoSuchFileException removed) {
            tally.add("misses");
        }
    }

    private void list() throws IOException {
        tally.add("lists");
        if (isStrict()) {
            assertThat(cache.list()).allMatch(ListedEntry.Valid.class::isInstance);
        } else {
            cache.list();
        }
    }

    private void clean(String key) throws IOException {
        CleanPolicy.Builder policy = CleanPolicy.builder();
        CleanPolicy chosen = switch (random.nextInt(4)) {
            case 0 -> policy.all(true).build();
            case 1 -> policy.keep(2).build();
            case 2 -> policy.key(key).build();
            default -> policy.corruptOnly(true).build();
        };
        try {
            CleanReport report = cache.clean(chosen);
            tally.add("cleans");
            tally.add("removed", report.removed().size());
            tally.add("skipped", report.skipped().size());
            tally.add("clean-errors", report.failed().size());
            if (isStrict()) {
                assertThat(report.failed()).isEmpty();
            }
        } catch (KtstrException missing) {
            if (missing.code() != ErrorCode.ENTRY_MISSING) {
                throw missing;
            }
        }
    }

    private void countAsLost(String what, KtstrException failure) throws KtstrException {
        if (isStrict() || failure.code() != ErrorCode.ENTRY_DAMAGED) {
            throw failure;
        }
        tally.add(what);
    }
}
