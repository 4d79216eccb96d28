package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.LockGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** All in a lock directory of its own, but for what has no extension object to be told of it. */
class KtstrLockTest {
    private static final Path LOCKS = Path.of("target", "test-locks").toAbsolutePath();
    private static final Environment ENVIRONMENT = Environment.of(Map.of("KTSTR_LOCK_DIR", LOCKS.toString()), null);
    private static final AtomicInteger INSIDE = new AtomicInteger();
    private static final List<String> SEEN = new CopyOnWriteArrayList<>();

    @TempDir
    Path directory;

    private static KtstrExtension extension() {
        return KtstrExtension.builder().environment(ENVIRONMENT).build();
    }

    private static Path file(String name) {
        return LOCKS.resolve("ktstr-lock-" + name + ".lock");
    }

    @BeforeEach
    void createDirectory() throws IOException {
        Files.createDirectories(LOCKS);
        INSIDE.set(0);
        SEEN.clear();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        try (Stream<Path> all = Files.walk(LOCKS.resolve("ktstr-holders"))) {
            assertThat(all.filter(Files::isRegularFile)).isEmpty();
        }
        try (Stream<Path> all = Files.list(LOCKS)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                assertThat(Stage.locks(file)).as(file.toString()).isZero();
            }
        }
    }

    @KtstrLock(name = "class")
    @KtstrLock(name = "beside", mode = FlockMode.SHARED)
    static class LevelsCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = extension();

        @BeforeEach
        void beforeEach() throws IOException {
            SEEN.add(
                    Stage.locks(file("class")) + " " + Stage.locks(file("beside")) + " " + Stage.locks(file("method")));
        }

        @Test
        void plain() {}

        @Test
        @KtstrLock(name = "method")
        @KtstrLock(name = "class")
        @KtstrLock(name = "beside", mode = FlockMode.SHARED)
        void heldAlready() {}

        @Nested
        @KtstrLock(name = "class")
        class InnerCase {
            @Test
            void nested() {}
        }
    }

    @Test
    void aClassHoldsItsLocksAndAMethodOnlyWhatItsClassDoesNot() throws IOException {
        Stage.assertPassed(new Stage(directory).run(LevelsCase.class), 3);

        assertThat(SEEN).containsExactlyInAnyOrder("1 1 0", "1 1 1", "1 1 0");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file("class"))))
                .isEqualTo("rw-rw-rw-");
    }

    @KtstrLock(name = "crowd")
    static class CrowdCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = extension();

        @RepeatedTest(20)
        void alone() throws InterruptedException {
            assertThat(INSIDE.incrementAndGet()).isEqualTo(1);
            Thread.sleep(1);
            INSIDE.decrementAndGet();
        }
    }

    static class OtherCrowdCase extends CrowdCase {}

    static class MethodCrowdCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = extension();

        @KtstrLock(name = "crowd")
        @RepeatedTest(20)
        void alone() throws InterruptedException {
            assertThat(INSIDE.incrementAndGet()).isEqualTo(1);
            Thread.sleep(1);
            INSIDE.decrementAndGet();
        }
    }

    @Test
    void inParallelTheyExcludeEachOtherWhereverTheyAre() {
        Stage.assertPassed(
                new Stage(directory).inParallel().run(CrowdCase.class, OtherCrowdCase.class, MethodCrowdCase.class),
                60);
    }

    static class ImpatientCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = extension();

        @Test
        @KtstrLock(name = "taken", timeout = "100ms")
        void test() {}
    }

    /** Holds the lock until its input ends. */
    static final class Holder {
        public static void main(String[] arguments) throws IOException {
            HostLocks locks = HostLocks.of(Environment.system());
            try (LockGuard guard = locks.named("taken", Environment.system(), event -> {})
                    .forTest("com.acme.OtherIT#holds")
                    .acquire(FlockMode.EXCLUSIVE, Duration.ofSeconds(10))) {
                System.out.println("held");
                int end = System.in.read();
                assertThat(end).isEqualTo(-1);
            }
        }
    }

    @Test
    void aTimeoutNamesTheTestOfAnotherProcess() throws Exception {
        Process holder = child(Holder.class);
        try (var output = holder.inputReader()) {
            assertThat(output.readLine()).isEqualTo("held");

            var results = new Stage(directory).run(ImpatientCase.class);

            assertThat(Stage.messages(results))
                    .singleElement()
                    .asString()
                    .contains("KT-LOCK-01", "lock \"taken\" timed out after 100ms", "pid=" + holder.pid())
                    .contains("test com.acme.OtherIT#holds");
        } finally {
            holder.getOutputStream().close();
            holder.waitFor();
        }
        Stage.assertPassed(new Stage(directory).run(ImpatientCase.class), 1);
    }

    /** Adds one to a number in a file, many times: whoever is not alone loses some. */
    static final class Counter {
        static final int ROUNDS = 200;

        public static void main(String[] arguments) throws IOException {
            HostLocks locks = HostLocks.of(Environment.system());
            System.out.println("ready");
            for (int i = 0; i < ROUNDS; i++) {
                try (LockGuard guard = locks.named("counter", Environment.system(), event -> {})
                        .acquire(FlockMode.EXCLUSIVE, Duration.ofSeconds(30))) {
                    count();
                }
            }
        }

        static void count() throws IOException {
            Path file = LOCKS.resolve("counter");
            int number = Files.exists(file) ? Integer.parseInt(Files.readString(file)) : 0;
            Files.writeString(file, Integer.toString(number + 1));
        }
    }

    static class CounterCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = extension();

        @RepeatedTest(Counter.ROUNDS)
        @KtstrLock(name = "counter")
        void count() throws IOException {
            Counter.count();
        }
    }

    @Test
    void twoProcessesExcludeEachOther() throws Exception {
        Files.deleteIfExists(LOCKS.resolve("counter"));
        Process other = child(Counter.class);
        try (var output = other.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            Stage.assertPassed(new Stage(directory).inParallel().run(CounterCase.class), Counter.ROUNDS);
            assertThat(other.waitFor()).isZero();
        }

        assertThat(Files.readString(LOCKS.resolve("counter"))).isEqualTo(Integer.toString(2 * Counter.ROUNDS));
    }

    private static Process child(Class<?> main) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName());
        builder.environment().put("KTSTR_LOCK_DIR", LOCKS.toString());
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    static class QueueCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = extension();

        @Test
        @KtstrLock(name = "queue", timeout = "50ms")
        void one() throws InterruptedException {
            Thread.sleep(300);
        }

        @Test
        @KtstrLock(name = "queue", timeout = "50ms")
        void other() throws InterruptedException {
            Thread.sleep(300);
        }
    }

    @Test
    void methodsOfOneProcessWaitForEachOtherBeforeTheyStart() {
        Stage.assertPassed(new Stage(directory).inParallel().run(QueueCase.class), 2);
    }
}
