package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmException;
import dev.ktstr.vm.VmResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way in which a virtual machine fails has its own message, comes soon, and leaves nothing behind. */
@Tag("kernel")
@Tag("qemu")
class VmFailuresIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration SOON = Duration.ofSeconds(5);

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

    private static VmException failure(VirtualMachine.Builder vm) {
        VmException failure = catchThrowableOfType(VmException.class, vm::run);
        System.out.println(failure.problem().lines().findFirst().orElseThrow());
        return failure;
    }

    @Test
    void aCommandThatIsNotDoneInTimeIsStopped() throws Exception {
        long begin = System.nanoTime();
        VmResult result =
                fixture.vm().timeout(Duration.ofSeconds(6)).script("sleep 1000").run();
        assertThat(result.timedOut()).isTrue();
        assertThat(result.panicked()).isFalse();
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isLessThan(Duration.ofSeconds(6).plus(SOON));
        assertThatExceptionOfType(VmException.class)
                .isThrownBy(result::expectSuccess)
                .withMessageContaining("it was not done in time, and was stopped")
                .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.VM_TIMEOUT));
    }

    @Test
    void aPanicEndsTheMachineAndIsNamed() throws Exception {
        try (RunningVm vm =
                fixture.vm().script("echo c >/proc/sysrq-trigger; sleep 1000").start()) {
            assertThat(vm.awaitConsoleLine(line -> line.contains("Kernel panic"), PATIENCE))
                    .isPresent();
            long panicked = System.nanoTime();
            VmResult result = vm.await();
            assertThat(Duration.ofNanos(System.nanoTime() - panicked)).isLessThan(SOON);
            assertThat(result.panicked()).isTrue();
            assertThat(result.timedOut()).isFalse();
            assertThat(result.exitCode()).isEqualTo(-1);
            assertThat(result.toString()).contains("Kernel panic - not syncing: sysrq triggered crash");
            assertThatExceptionOfType(VmException.class)
                    .isThrownBy(result::expectSuccess)
                    .withMessageContaining("Kernel Offset: ") // the console's tail: what a panic prints last
                    .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.GUEST_PANIC));
        }
    }

    @Test
    void aGuestThatPowersOffByItselfHasNoStatus() throws Exception {
        VmResult result = fixture.vm().script("poweroff -f").run();
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(result.timedOut() || result.panicked()).isFalse();
        assertThat(result.toString()).contains("the machine stopped before the command ended");
    }

    @Test
    void tooLittleMemoryIsRefusedBeforehandOrSeenInTheGuest() throws Exception {
        VmException refused = failure(fixture.vm().memory("64M"));
        assertThat(refused.code()).isEqualTo(ErrorCode.GUEST_MEMORY);
        assertThat(refused).hasMessageContaining("64.0 MiB of memory are too little");
        assertThat(refused.remedy()).contains("give it more than");

        VmException seen = failure(fixture.vm().memory("84M"));
        assertThat(seen.code()).isEqualTo(ErrorCode.GUEST_MEMORY);
        assertThat(seen).hasMessageContaining("booting a virtual machine").hasMessageContaining("the console");
    }

    @Test
    void aFileThatIsNoKernelIsRefused() throws Exception {
        Path garbage = Files.writeString(directory.resolve("garbage"), "no kernel ".repeat(1000));
        KernelEntry entry = fixture.cache()
                .store(StoreRequest.builder()
                        .key("garbage")
                        .kernelVersion("6.1.0")
                        .image(garbage)
                        .build())
                .entry();
        VmException refused = failure(fixture.vm().kernel(entry));
        assertThat(refused.code()).isEqualTo(ErrorCode.KERNEL_UNBOOTABLE);
        assertThat(refused).hasMessageContaining("no kernel that qemu-system-x86_64 could boot");
        assertThat(refused.path()).contains(entry.image());
        forget("garbage");
        Files.delete(garbage);
    }

    @Test
    void aKernelWithoutTheModulesThatItNeedsSaysWhichAreMissing() throws Exception {
        KernelEntry entry =
                fixture.cache().store(VmFixture.plain().key("bare").build()).entry();
        VirtualMachine.Builder vm = fixture.vm().kernel(entry);
        List<Path> before = list(fixture.initramfsDirectory());
        VmException failed = failure(vm);
        assertThat(failed.code()).isEqualTo(ErrorCode.GUEST_DRIVER);
        assertThat(failed).hasMessageContaining("virtio_console");
        assertThat(failed.remedy()).contains("-Dktstr.modules=boot");
        forget("bare");
        removeAllBut(before);
    }

    /** A word to each: what the package is called that has the program. */
    @ParameterizedTest
    @CsvSource({"qemu-system-x86_64, qemu-system-x86", "busybox, busybox-static", "setpriv, util-linux"})
    void aMissingProgramIsAskedForByThePackageThatHasIt(String program, String debianPackage) throws Exception {
        for (String usual : Programs.USUAL_DIRECTORIES) {
            assumeFalse(Files.exists(Path.of(usual, program)), program + " is where it is always looked for");
        }
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String other : List.of("qemu-system-x86_64", "busybox", "setpriv")) {
            if (!other.equals(program)) {
                String found = Commands.run("sh", "-c", "command -v " + other).strip();
                Files.createSymbolicLink(bin.resolve(other), Path.of(found));
            }
        }
        Environment without = VmFixture.environment(fixture.cache().root(), Map.of("PATH", bin.toString()));
        VmException missing =
                failure(VirtualMachine.builder(without).kernel(fixture.kernel()).accelerator(Accelerator.TCG));
        assertThat(missing.code()).isEqualTo(ErrorCode.VM_PROGRAM_MISSING);
        assertThat(missing).hasMessageContaining("there is no " + program + " on this machine");
        assertThat(missing.remedy()).contains("apt-get install " + debianPackage + " (");
        Commands.run("rm", "-r", bin.toString());
    }

    @Test
    void anInitThatIsNotThereIsNamedSoonAfterThePanic() throws Exception {
        try (RunningVm vm = fixture.vm().kernelArgs("rdinit=/nope").start()) {
            Optional<String> panic = vm.awaitConsoleLine(line -> line.contains("Kernel panic"), PATIENCE);
            long panicked = System.nanoTime();
            VmException failed = catchThrowableOfType(VmException.class, vm::await);
            assertThat(Duration.ofNanos(System.nanoTime() - panicked)).isLessThan(SOON);
            assertThat(panic).isPresent();
            assertThat(failed.code()).isEqualTo(ErrorCode.GUEST_INIT);
            assertThat(failed).hasMessageContaining("/init").hasMessageContaining("the last 30 of");
            assertThat(failed.remedy()).contains("rdinit=");
        }
    }

    @Test
    void aKernelThatNeverSaysAWordIsGivenUpAfterHalfAMinute() throws Exception {
        // What runs first when the kernel is loaded (Documentation/arch/x86/boot.rst, setup_sects) is cli; hlt; jmp to
        // the hlt.
        byte[] image = Files.readAllBytes(RealKernel.require().image());
        byte[] hang = {(byte) 0xfa, (byte) 0xf4, (byte) 0xeb, (byte) 0xfd};
        System.arraycopy(hang, 0, image, (image[0x1f1] + 1) * 512, hang.length);
        Path file = Files.write(directory.resolve("silent"), image);
        KernelEntry entry = fixture.cache()
                .store(VmFixture.modular().image(file).key("silent").build())
                .entry();
        List<Path> before = list(fixture.initramfsDirectory());
        long begin = System.nanoTime();
        VmException failed = failure(fixture.vm().kernel(entry));
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(30).plus(SOON));
        assertThat(failed.code()).isEqualTo(ErrorCode.GUEST_SILENT);
        assertThat(failed).hasMessageContaining("the kernel has not said a word for 30s");
        Files.delete(file);
        forget("silent");
        removeAllBut(before);
    }

    @Test
    void aCommandThatPrintsForEverIsStopped() throws Exception {
        VmException failed = failure(fixture.vm().command("yes", "x".repeat(4000)));
        assertThat(failed.code()).isEqualTo(ErrorCode.GUEST_OUTPUT);
        assertThat(failed).hasMessageContaining("it printed more than 64.0 MiB");
    }

    @Test
    void aDiskThatAnotherMachineHasIsRefused() throws Exception {
        DiskSpec spec =
                DiskSpec.builder().filesystem(Filesystem.RAW).size("16M").build();
        DiskTemplates templates = DiskTemplates.at(directory.resolve("disks"), fixture.environment());
        try (TestDisk disk = templates.newDisk(spec);
                RunningVm holder = fixture.vm().disk(disk).script("sleep 1000").start()) {
            holder.nextConsoleLine(PATIENCE);
            VmException failed = failure(fixture.vm().disk(disk));
            assertThat(failed.code()).isEqualTo(ErrorCode.VM_SPEC);
            assertThat(failed).hasMessageContaining("another virtual machine that still runs has one of its disks");
        }
        Commands.run("rm", "-r", templates.root().toString());
    }

    private void forget(String key) throws Exception {
        fixture.cache().clean(CleanPolicy.builder().key(key).build());
    }

    private static void removeAllBut(List<Path> archives) throws Exception {
        for (Path each : list(fixture.initramfsDirectory())) {
            if (!archives.contains(each)) {
                Files.delete(each);
            }
        }
    }

    private static List<Path> list(Path all) throws Exception {
        try (Stream<Path> files = Files.list(all)) {
            return files.toList();
        }
    }
}
