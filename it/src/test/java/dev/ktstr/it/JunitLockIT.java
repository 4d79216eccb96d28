package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.junit.KtstrLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code @KtstrLock} in tests that two JVMs run, each with JUnit's launcher. */
class JunitLockIT {
    private static final int ROUNDS = 500;

    @TempDir
    Path directory;

    /** Run by another process: fails when it is not alone. */
    static class RoundsCase {
        private static final Path INSIDE = shared("inside");
        private static final Path COUNT = shared("count");
        private static final Path TURNS = shared("turns");

        private static Path shared(String name) {
            return Path.of(System.getenv().getOrDefault("KTSTR_LOCK_DIR", "unset"), name);
        }

        @KtstrLock(name = "rounds")
        @RepeatedTest(ROUNDS)
        void round() throws IOException {
            Files.createFile(INSIDE);
            int before = Files.exists(COUNT) ? Integer.parseInt(Files.readString(COUNT)) : 0;
            Files.writeString(COUNT, Integer.toString(before + 1));
            Files.writeString(
                    TURNS, ProcessHandle.current().pid() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            Files.delete(INSIDE);
        }
    }

    @Test
    void inAThousandRoundsNoTwoAreInside() throws Exception {
        List<Process> processes = List.of(start(RoundsCase.class), start(RoundsCase.class));
        try {
            for (Process process : processes) {
                JunitMain.goOn(process);
            }
            for (Process process : processes) {
                assertThat(Commands.finish(process)).isEqualTo(ROUNDS + " passed, 0 failed\n");
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
        }

        assertThat(directory.resolve("count")).hasContent(Integer.toString(2 * ROUNDS));
        List<String> turns = Files.readAllLines(directory.resolve("turns"));
        assertThat(turns).hasSize(2 * ROUNDS);
        assertThat(new TreeSet<>(turns)).hasSize(2);
        assertThat(IntStream.range(1, turns.size())
                        .filter(i -> !turns.get(i).equals(turns.get(i - 1)))
                        .count())
                .as("how often the other one came next: they ran at the same time")
                .isGreaterThan(1);
        assertNoRecord();
    }

    /** Run by another process. */
    static class HoldingCase {
        @Test
        @KtstrLock(name = "device")
        void holdsTheDevice() throws IOException {
            JunitMain.say("inside");
            JunitMain.awaitWord();
        }
    }

    /** Run by a third one. */
    static class ImpatientCase {
        @Test
        @KtstrLock(name = "device", timeout = "300ms")
        void wantsTheDevice() {}
    }

    @Test
    void aTimeoutNamesTheTestThatHoldsIt() throws Exception {
        Process holder = start(HoldingCase.class);
        try {
            JunitMain.goOn(holder);
            JunitMain.awaitLine(holder, "inside");

            assertThat(outcome(ImpatientCase.class))
                    .contains("KT-LOCK-01", "lock \"device\" timed out after 300ms", "ktstr-lock-device.lock")
                    .contains("pid=" + holder.pid(), "test " + HoldingCase.class.getName() + "#holdsTheDevice")
                    .endsWith("0 passed, 1 failed\n");

            JunitMain.goOn(holder);
            assertThat(Commands.finish(holder)).isEqualTo("1 passed, 0 failed\n");
        } finally {
            holder.destroyForcibly();
        }
        assertThat(outcome(ImpatientCase.class)).isEqualTo("1 passed, 0 failed\n");
        assertNoRecord();
    }

    @Test
    void aProcessThatIsKilledHoldsNothing() throws Exception {
        Process holder = start(HoldingCase.class);
        JunitMain.goOn(holder);
        JunitMain.awaitLine(holder, "inside");
        holder.destroyForcibly();
        assertThat(holder.waitFor(1, TimeUnit.MINUTES)).isTrue();

        assertThat(outcome(ImpatientCase.class)).isEqualTo("1 passed, 0 failed\n");
    }

    private String outcome(Class<?> testClass) throws Exception {
        Process process = start(testClass);
        JunitMain.goOn(process);
        return Commands.finish(process);
    }

    private Process start(Class<?> testClass) throws IOException {
        return JunitMain.start(testClass, Map.of("KTSTR_LOCK_DIR", directory.toString()));
    }

    private void assertNoRecord() throws IOException {
        try (Stream<Path> records = Files.walk(directory.resolve("ktstr-holders"))) {
            assertThat(records.filter(Files::isRegularFile)).isEmpty();
        }
    }
}
