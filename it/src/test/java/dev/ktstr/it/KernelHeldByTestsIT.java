package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.ListedTemplate;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A kernel that tests of another JVM hold, run there by JUnit's launcher. */
class KernelHeldByTestsIT {
    private static final String KEY = "k";
    private static final String OLD = "0".repeat(MarkedKernel.DIGITS);
    private static final String NEW = "1".repeat(MarkedKernel.DIGITS);
    private static final CleanPolicy EVERYTHING = everything();

    @TempDir
    Path directory;

    MarkedKernel kernel;
    KernelCache cache;

    private static CleanPolicy everything() {
        try {
            return CleanPolicy.builder().all(true).build();
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @BeforeEach
    void storeTheKernel() throws Exception {
        kernel = MarkedKernel.make(directory);
        cache = KernelCache.at(directory.resolve("cache"));
        cache.store(kernel.request(OLD, directory).key(KEY).build());
    }

    /** Run by another process. Every test says what it finds, and waits. */
    @KtstrKernel(KEY)
    static class HoldingCase {
        static final int TESTS = 3;

        @RepeatedTest(TESTS)
        void test(KernelEntry entry, KernelLease lease) throws Exception {
            JunitMain.say("found " + MarkedKernel.generation(entry));
            JunitMain.awaitWord();
            lease.check();
            assertThat(lease.verify().problems()).isEmpty();
            assertThat(MarkedKernel.generation(entry)).isEqualTo(OLD);
        }
    }

    @Test
    void itStaysAsItIsUntilTheLastTestIsThrough() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        Process tests = start(HoldingCase.class);
        try {
            JunitMain.goOn(tests);
            assertThat(JunitMain.awaitLine(tests, "found")).endsWith(OLD);

            CleanReport clean = cache.clean(EVERYTHING);
            assertThat(clean.removed()).isEmpty();
            assertThat(clean.skipped())
                    .singleElement()
                    .satisfies(skipped -> assertThat(skipped.why())
                            .contains("pid=" + tests.pid(), "test " + HoldingCase.class.getName()));

            CompletableFuture<String> waiting = new CompletableFuture<>();
            Future<StoreResult> store = other.submit(() -> replace(waiting));
            assertThat(waiting.get(30, TimeUnit.SECONDS))
                    .contains("pid=" + tests.pid(), "test " + HoldingCase.class.getName());
            for (int i = 1; i < HoldingCase.TESTS; i++) {
                JunitMain.goOn(tests);
                assertThat(JunitMain.awaitLine(tests, "found")).endsWith(OLD);
                assertThat(store).isNotDone();
            }
            JunitMain.goOn(tests);
            assertThat(Commands.finish(tests)).isEqualTo(HoldingCase.TESTS + " passed, 0 failed\n");

            assertThat(store.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(StoreResult.Outcome.REPLACED);
        } finally {
            tests.destroyForcibly();
            other.shutdownNow();
        }
        assertThat(MarkedKernel.generation(cache.lookup(KEY).orElseThrow())).isEqualTo(NEW);
        assertNothingIsLeft();
    }

    private StoreResult replace(CompletableFuture<String> waiting) throws IOException {
        return cache.withEvents(event -> {
                    if (event instanceof KtstrEvent.Waiting) {
                        waiting.complete(event.message());
                    }
                })
                .store(kernel.request(NEW, directory).key(KEY).replace(true).build());
    }

    /** Run by another process, which is killed when as many disks are there as there are threads for tests. */
    @KtstrKernel(KEY)
    static class CrowdCase {
        private static final int GOOD = 50;
        private static final AtomicInteger COUNT = new AtomicInteger();

        @RepeatedTest(200)
        void test(@KtstrDisk(size = "16M") TestDisk disk, KernelEntry entry) throws Exception {
            try (FileChannel file = FileChannel.open(disk.path(), StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.allocate(1 << 20), 0);
            }
            if (COUNT.incrementAndGet() > GOOD) {
                JunitMain.say("disk " + disk.path());
                new CompletableFuture<Void>().get(5, TimeUnit.MINUTES);
            }
        }
    }

    @Test
    void whenTheJvmIsKilledItIsFreeAndNoDiskIsLeft() throws Exception {
        int tests = 8;
        int threads = 2 * tests; // JUnit does not have a test on each at every moment
        Process process = start(
                CrowdCase.class,
                "junit.jupiter.execution.parallel.enabled=true",
                "junit.jupiter.execution.parallel.mode.default=concurrent",
                "junit.jupiter.execution.parallel.config.strategy=fixed",
                "junit.jupiter.execution.parallel.config.fixed.parallelism=" + threads,
                "junit.jupiter.execution.parallel.config.fixed.max-pool-size=" + threads);
        List<String> disks = new ArrayList<>();
        try {
            JunitMain.goOn(process);
            for (int i = 0; i < tests; i++) {
                disks.add(JunitMain.awaitLine(process, "disk"));
            }
            assertThat(cache.clean(EVERYTHING).skipped()).hasSize(1);
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

        assertThat(new HashSet<>(disks)).hasSize(tests);
        assertNothingIsLeft();
        assertThat(DiskTemplates.at(cache.root()).list())
                .singleElement()
                .extracting(ListedTemplate::problem)
                .satisfies(problem -> assertThat(problem).isEmpty());
    }

    /** Neither disks nor holders; and so the kernel can be removed. */
    private void assertNothingIsLeft() throws IOException {
        try (Stream<Path> all = Files.list(cache.root())) {
            assertThat(all.map(path -> path.getFileName().toString()))
                    .allMatch(name -> name.matches(KEY + "|\\.locks|ext4-16m-[0-9a-f]{16}"));
        }
        assertThat(cache.locks(LockSurvey.now(Environment.system())))
                .isNotEmpty()
                .allMatch(lock -> lock.holders().isEmpty());
        assertThat(cache.clean(EVERYTHING).removed()).hasSize(1);
        try (Stream<Path> records = Files.walk(cache.root().resolve(".locks/holders"))) {
            assertThat(records.filter(Files::isRegularFile)).isEmpty();
        }
    }

    private Process start(Class<?> testClass, String... parameters) throws IOException {
        List<String> all = new ArrayList<>(List.of(parameters));
        all.add("ktstr.cacheDir=" + cache.root());
        return JunitMain.start(testClass, Map.of(), all.toArray(String[]::new));
    }
}
