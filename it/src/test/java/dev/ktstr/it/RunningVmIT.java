package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.EntryException;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmResult;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines that run: what is heard of them meanwhile, what they hold, and how they are ended. */
@Tag("kernel")
@Tag("qemu")
class RunningVmIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    private static VmFixture fixture;

    private Leftovers leftovers;

    @BeforeAll
    static void storeTheKernel() throws Exception {
        fixture = VmFixture.store(shared.resolve("cache"));
        fixture.vm().start().close(); // what every machine begins with is kept
    }

    @BeforeEach
    void lookAround() throws Exception {
        leftovers = Leftovers.before(fixture, directory);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        leftovers.assertNone();
    }

    @Test
    void consoleLinesComeWhileItRunsAndTheKernelIsHeldUntilItIsClosed() throws Exception {
        List<RunningVm> told = new ArrayList<>();
        RunningVm vm =
                fixture.vm().script("echo up; sleep 1000").onStart(told::add).start();
        try (vm) {
            assertThat(told).containsExactly(vm);
            assertThat(vm.nextConsoleLine(PATIENCE)).isPresent();
            assertThat(vm.awaitConsoleLine(line -> line.contains("Command line:"), PATIENCE))
                    .isPresent();
            assertThat(vm.isRunning()).isTrue();
            assertThat(vm.console()).contains("Linux version").contains("console=ttyS0");
            assertThat(vm.awaitConsoleLine(line -> line.contains("never said"), Duration.ofMillis(200)))
                    .isEmpty();
            assertThat(Leftovers.isFree(fixture.lockFile(), "--shared")).isTrue();
            assertThat(Leftovers.isFree(fixture.lockFile(), "--exclusive")).isFalse();
            assertThat(fixture.cache()
                            .clean(CleanPolicy.builder()
                                    .key(fixture.kernel().key())
                                    .build())
                            .skipped())
                    .hasSize(1);
            assertThatThrownBy(() -> fixture.cache()
                            .store(VmFixture.modular()
                                    .key(fixture.kernel().key())
                                    .replace(true)
                                    .lockTimeout(Duration.ofMillis(100))
                                    .build()))
                    .hasMessageContaining("this thread holds that lock itself"); // by way of the machine
        }
        assertThat(Leftovers.isFree(fixture.lockFile(), "--exclusive")).isTrue();
        assertThat(fixture.cache()
                        .store(VmFixture.modular().key(fixture.kernel().key()).build())
                        .outcome())
                .isEqualTo(StoreResult.Outcome.ALREADY_STORED);
        assertThat(ProcessHandle.of(vm.pid()).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(vm.isRunning()).isFalse();
        vm.close();
        VmResult result = vm.await();
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(result.timedOut() || result.panicked()).isFalse();
        assertThat(result.toString()).contains("the machine stopped before the command ended");
    }

    @Test
    void anInterruptedThreadLeavesNothingRunning() throws Exception {
        List<RunningVm> started = new ArrayList<>();
        FutureTask<VmResult> run = new FutureTask<>(
                () -> fixture.vm().script("sleep 1000").onStart(started::add).run());
        Thread thread = new Thread(run);
        thread.start();
        while (started.isEmpty()) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        started.get(0).awaitConsoleLine(line -> true, PATIENCE);
        thread.interrupt();
        assertThatThrownBy(() -> run.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(InterruptedIOException.class);
        assertThat(started.get(0).isRunning()).isFalse();
    }

    @Test
    void aListenerThatThrowsLeavesNothingRunning() throws Exception {
        List<RunningVm> started = new ArrayList<>();
        VirtualMachine vm = fixture.vm()
                .onStart(each -> {
                    started.add(each);
                    throw new IllegalStateException("the listener's own");
                })
                .build();
        assertThatThrownBy(vm::start).hasMessage("the listener's own");
        assertThat(started.get(0).isRunning()).isFalse();
    }

    @Test
    void aKernelThatWasReplacedSinceItWasLookedUpIsNotBooted() throws Exception {
        KernelEntry old =
                fixture.cache().store(VmFixture.plain().key("replaced").build()).entry();
        fixture.cache().store(VmFixture.plain().key("replaced").replace(true).build());
        VirtualMachine vm = fixture.vm().kernel(old).build();
        assertThatExceptionOfType(EntryException.class)
                .isThrownBy(vm::run)
                .withMessageContaining("it was replaced since it was looked up: look it up again");
        fixture.cache().clean(CleanPolicy.builder().key("replaced").build());
        assertThatExceptionOfType(EntryException.class).isThrownBy(vm::run).withMessageContaining("replaced");
    }
}
