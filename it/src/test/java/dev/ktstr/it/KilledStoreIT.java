package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernel")
class KilledStoreIT {
    private static final int KILLS = 10;
    private static final int SIGKILLED = 128 + 9;

    @Test
    void aStoreThatIsKilledLeavesTheOldEntryOrTheNewOneAndTheNextOneTidiesUp(@TempDir Path directory) throws Exception {
        RealKernel old = RealKernel.require();
        RealKernel replacement = old.withConfig(directory.resolve("new-config"), "# another configuration\n");
        KernelCache cache = KernelCache.at(directory.resolve("kernels"));
        String oldHash = hash(cache.store(old.request().key("k").build()).entry());
        String newHash =
                hash(cache.store(replacement.request().key("k").build()).entry());
        assertThat(newHash).isNotEqualTo(oldHash);
        Duration whole = timeOfAStore(cache, old);

        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int killed = 0;
        for (int trial = 0; killed < KILLS; trial++) {
            assertThat(trial).as("stores that outran the kill").isLessThan(10 * KILLS);
            cache.store(old.request().key("k").build());
            Process store = StoreMain.start(cache.root(), "k", replacement);
            StoreMain.go(store);
            TimeUnit.NANOSECONDS.sleep(random.nextLong(whole.toNanos()));
            store.destroyForcibly().waitFor();
            killed += store.exitValue() == SIGKILLED ? 1 : 0;

            KernelEntry survivor = cache.lookup("k").orElseThrow();
            assertThat(hash(survivor)).as("seed %d, trial %d", seed, trial).isIn(oldHash, newHash);
            assertThat(cache.verify("k").problems())
                    .as("seed %d, trial %d", seed, trial)
                    .isEmpty();
            cache.store(replacement.request().key("k").build());
            assertThat(names(cache.root())).containsExactlyInAnyOrder("k", ".locks");
        }
    }

    /** How long one takes in a process that has just started, so that the kills spread over all of it. */
    private static Duration timeOfAStore(KernelCache cache, RealKernel kernel) throws Exception {
        Process store = StoreMain.start(cache.root(), "k", kernel);
        long start = System.nanoTime();
        StoreMain.go(store);
        assertThat(Commands.finish(store)).contains("REPLACED");
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static String hash(KernelEntry entry) {
        return String.valueOf(entry.metadata().configHash());
    }

    private static Stream<String> names(Path directory) throws Exception {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(path -> path.getFileName().toString()).toList().stream();
        }
    }
}
