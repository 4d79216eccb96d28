package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.Environment;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.Reservation;
import dev.ktstr.lock.LockTimeoutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many processes that want the CPUs of this machine. */
@Timeout(120)
class ReservationIT {
    private static final int PROCESSES = 16;
    private static final int ROUNDS = 3;

    @TempDir
    Path locks;

    private Path log;
    private HostResources host;

    /** A process that had a CPU, and from when to when. */
    private record Held(int cpu, long from, long to, long pid) {
        static Held of(String line) {
            String[] words = line.split(" ", -1);
            return new Held(
                    Integer.parseInt(words[0]),
                    Long.parseLong(words[1]),
                    Long.parseLong(words[2]),
                    Long.parseLong(words[3]));
        }
    }

    @BeforeEach
    void openHost() throws IOException {
        log = Files.createFile(locks.resolve("log"));
        host = HostResources.open(
                Environment.of(Map.of("KTSTR_LOCK_DIR", locks.toString(), "PATH", System.getenv("PATH")), null));
    }

    private Process start(int rounds, int milliseconds) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Commands.jvm(
                        ReserveMain.class, log.toString(), Integer.toString(rounds), Integer.toString(milliseconds)))
                .redirectErrorStream(true);
        builder.environment().put("KTSTR_LOCK_DIR", locks.toString());
        return builder.start();
    }

    @Test
    void neverMoreHoldThanThereAreCpusAndAllGetTheirTurn() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            processes.add(start(ROUNDS, 20));
        }
        for (Process process : processes) {
            String output = Commands.finish(process);
            assertThat(process.exitValue()).as(output).isZero();
        }
        List<Held> all = Files.readAllLines(log).stream().map(Held::of).toList();
        Map<Integer, List<Held>> byCpu = all.stream().collect(Collectors.groupingBy(Held::cpu));

        assertThat(all).hasSize(PROCESSES * ROUNDS);
        assertThat(all.stream().map(Held::pid).distinct()).hasSize(PROCESSES);
        assertThat(host.topology().allowed()).containsAll(byCpu.keySet());
        byCpu.forEach((cpu, turns) -> {
            List<Held> inOrder =
                    turns.stream().sorted(Comparator.comparingLong(Held::from)).toList();
            for (int i = 1; i < inOrder.size(); i++) {
                assertThat(inOrder.get(i).from())
                        .as("CPU %d", cpu)
                        .isGreaterThan(inOrder.get(i - 1).to());
            }
        });
    }

    @Test
    void whatAKilledProcessHeldIsFreeAtOnce() throws Exception {
        List<Process> holders = new ArrayList<>();
        try {
            for (int i = 0; i < host.topology().allowed().size(); i++) {
                Process process = start(1, 100_000);
                holders.add(process);
                assertThat(process.inputReader().readLine()).startsWith("reserved ");
            }
            assertThatExceptionOfType(LockTimeoutException.class)
                    .isThrownBy(() -> host.reserveCpus(1, Duration.ZERO))
                    .satisfies(failure -> assertThat(failure.holders())
                            .extracting(holder -> holder.pid())
                            .containsExactlyInAnyOrderElementsOf(
                                    holders.stream().map(Process::pid).toList()));
            long begin = System.nanoTime();
            holders.get(0).destroyForcibly();
            try (Reservation reserved = host.reserveCpus(1, Duration.ofSeconds(30))) {
                Duration taken = Duration.ofNanos(System.nanoTime() - begin);
                System.out.printf("%s reserved %d ms after the kill%n", reserved, taken.toMillis());
                assertThat(taken).isLessThan(Duration.ofSeconds(2));
            }
        } finally {
            for (Process process : holders) {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** As the original, or a script, holds a cache for itself. */
    @Test
    void aCacheThatFlockHoldsIsRespectedAndFlockIsNamed() throws Exception {
        int cpu = host.topology().allowed().first();
        int first = host.topology().caches().stream()
                .filter(cache -> cache.cpus().contains(cpu))
                .findFirst()
                .orElseThrow()
                .index();
        List<Process> holders = new ArrayList<>();
        for (int llc = 0; llc < host.topology().caches().size(); llc++) {
            Process flock = Commands.start(List.of(
                    "flock",
                    "-o",
                    "-x",
                    locks.resolve("ktstr-llc-" + llc + ".lock").toString(),
                    "sh",
                    "-c",
                    "echo held; read x"));
            assertThat(flock.inputReader().readLine()).isEqualTo("held");
            holders.add(flock);
        }
        try {
            for (LockedCall call : List.<LockedCall>of(
                    () -> host.reserveCpus(1, Duration.ofMillis(100)),
                    () -> host.reserveLlcs(1, Duration.ofMillis(100)),
                    () -> host.reserveShare(OptionalInt.of(1), Duration.ofMillis(100)))) {
                assertThatExceptionOfType(LockTimeoutException.class)
                        .isThrownBy(call::run)
                        .withMessageContainingAll(
                                "timed out after 100ms",
                                "LLC " + first + " busy",
                                locks.resolve("ktstr-llc-" + first + ".lock").toString(),
                                "pid=" + holders.get(first).pid() + " cmd=flock -o -x");
            }
        } finally {
            for (Process flock : holders) {
                flock.getOutputStream().close();
                flock.waitFor();
            }
        }
        try (Reservation reserved = host.reserveLlcs(1, Duration.ofSeconds(5))) {
            assertThat(reserved.llcs()).containsExactly(first);
        }
    }

    private interface LockedCall {
        Reservation run() throws IOException;
    }
}
