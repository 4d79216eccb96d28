package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.host.HostException;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.Reservation;
import dev.ktstr.host.Topology;
import dev.ktstr.junit.KtstrKernel;
import dev.ktstr.junit.KtstrVm;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Virtual machines that have CPUs of this machine to themselves. */
@Tag("kernel")
@Tag("qemu")
@Timeout(120)
class ExclusiveCpusIT {
    /** What the machines of {@link PairCase} ran on, and who had reserved it. */
    private static final List<String> SEEN = new CopyOnWriteArrayList<>();

    @TempDir
    Path directory;

    private VmFixture fixture;

    @BeforeEach
    void storeKernel() throws Exception {
        fixture = VmFixture.store(directory.resolve("cache"));
        SEEN.clear();
    }

    @KtstrKernel
    static class PairCase {
        @Test
        void eachHasItsOwn(
                @KtstrVm(memory = "256M", cpus = 1, exclusiveCpus = true) VirtualMachine first,
                @KtstrVm(memory = "256M", cpus = 1, exclusiveCpus = true) VirtualMachine second,
                @KtstrVm(memory = "256M", cpus = 1) VirtualMachine anywhere)
                throws IOException {
            try (RunningVm one = first.script("sleep 1000").start();
                    RunningVm two = second.script("sleep 1000").start();
                    RunningVm three = anywhere.script("sleep 1000").start()) {
                SEEN.add(String.join(",", cpus(one)));
                SEEN.add(String.join(",", cpus(two)));
                SEEN.add(String.join(",", cpus(three)));
                SEEN.add(holders(Environment.system()).stream()
                        .map(holder -> String.valueOf(holder.test()))
                        .distinct()
                        .collect(Collectors.joining()));
            }
        }
    }

    @KtstrKernel
    static class TooManyCase {
        @Test
        void hasMoreThanThereAre(@KtstrVm(memory = "256M", cpus = 255, exclusiveCpus = true) VirtualMachine vm)
                throws IOException {
            vm.start();
        }
    }

    /** On which CPUs the threads of QEMU may run, without repetitions. */
    private static Set<String> cpus(RunningVm vm) throws IOException {
        while (!Leftovers.isQemu(vm.pid())) {
            assertThat(vm.isRunning()).isTrue(); // still setpriv(1), the shell or taskset(1)
        }
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(vm.pid()), "task"))) {
            return threads.map(ExclusiveCpusIT::allowed).collect(Collectors.toSet());
        }
    }

    private static String allowed(Path thread) {
        try {
            return Files.readString(thread.resolve("status"))
                    .lines()
                    .filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElseThrow();
        } catch (IOException ended) {
            throw new UncheckedIOException(ended);
        }
    }

    private static List<LockHolder> holders(Environment environment) throws IOException {
        return HostLocks.of(environment).cpus(LockSurvey.now(environment)).stream()
                .map(ListedLock::holders)
                .flatMap(List::stream)
                .filter(holder -> holder.pid() == ProcessHandle.current().pid())
                .toList();
    }

    @Test
    void qemuRunsOnWhatIsReservedForItAndNowhereElse() throws Exception {
        Environment environment =
                VmFixture.environment(fixture.cache().root(), Map.of("KTSTR_LOCK_DIR", directory.toString()));
        String first =
                HostResources.open(environment).topology().allowed().first().toString();
        VirtualMachine vm = VirtualMachine.builder(environment)
                .kernel(fixture.kernel())
                .accelerator(Accelerator.TCG)
                .cpus(1)
                .exclusiveCpus()
                .script("sleep 1000")
                .build();
        try (RunningVm running = vm.start()) {
            running.awaitConsoleLine(line -> line.contains("Linux version"), Duration.ofSeconds(30));
            assertThat(cpus(running)).containsExactly(first);
            assertThat(holders(environment)).hasSize(1);
        }
        assertThat(holders(environment)).isEmpty();

        try (Reservation reserved = HostResources.open(environment).reserveCpus(1);
                RunningVm running = VirtualMachine.builder(environment)
                        .kernel(fixture.kernel())
                        .accelerator(Accelerator.TCG)
                        .reservation(() -> reserved.part(0, 1))
                        .script("sleep 1000")
                        .start()) {
            assertThat(cpus(running)).containsExactly(first);
        }
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> VirtualMachine.builder(environment)
                        .kernel(fixture.kernel())
                        .accelerator(Accelerator.TCG)
                        .cpus(255)
                        .exclusiveCpus()
                        .start())
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.HOST_CPUS));
    }

    @Test
    void theMachinesOfATestReserveOnceAndShareNoCpu() throws Exception {
        assumeTrue(Topology.read().allowed().size() >= 2, "two CPUs");
        EngineExecutionResults results = run(PairCase.class, "FAIL");

        assertThat(results.testEvents().succeeded().count())
                .as(results.testEvents().failed().list().toString())
                .isEqualTo(1);
        assertThat(SEEN.get(0)).isNotEqualTo(SEEN.get(1));
        assertThat(SEEN.subList(0, 2)).allMatch(cpus -> cpus.matches("[0-9]+"));
        assertThat(SEEN.get(2)).isNotIn(SEEN.subList(0, 2));
        assertThat(SEEN.get(3)).isEqualTo(PairCase.class.getName() + "#eachHasItsOwn");
        assertThat(holders(Environment.system())).isEmpty();
    }

    @Test
    void moreThanThereAreAreAnAbilityThatIsMissing() {
        assertThat(run(TooManyCase.class, "FAIL").testEvents().failed().count()).isEqualTo(1);
        assertThat(run(TooManyCase.class, "ABORT").testEvents().aborted().count())
                .isEqualTo(1);
    }

    private EngineExecutionResults run(Class<?> tests, String onMissing) {
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameter("ktstr.cacheDir", fixture.cache().root().toString())
                .configurationParameter("ktstr.onMissing", onMissing)
                .selectors(selectClass(tests))
                .execute();
    }
}
