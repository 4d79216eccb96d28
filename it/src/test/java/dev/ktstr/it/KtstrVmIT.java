package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.Modules;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import dev.ktstr.junit.KtstrVm;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.OutputDirectoryProvider;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Virtual machines that the JUnit extension injects, run by JUnit's test kit. */
@Tag("kernel")
@Tag("qemu")
class KtstrVmIT {
    private static final List<RunningVm> STARTED = new CopyOnWriteArrayList<>();

    @TempDir
    Path directory;

    @KtstrKernel
    static class MachinesCase {
        @Test
        void twoAtOnce(
                @KtstrVm(memory = "256M", cpus = 1) VirtualMachine vm,
                @KtstrDisk(size = "128M", filesystem = Filesystem.BTRFS) TestDisk first,
                @KtstrDisk(size = "128M", filesystem = Filesystem.BTRFS) TestDisk second,
                @KtstrDisk(size = "16M") TestDisk own,
                VirtualMachine.Builder builder)
                throws IOException {
            VirtualMachine both =
                    vm.script("mkdir /a && mount /dev/vda /mnt && mount /dev/vdb /a && echo mounted > /a/f"
                            + " && cat /a/f && test -b /dev/vdc && mount -o ro /dev/vdc /mnt");
            // QEMU lets no second machine have a disk of one that runs, so this one has none.
            try (RunningVm one = both.start();
                    RunningVm other =
                            builder.memory("256M").command("ls", "/sys/block").start()) {
                VmResult mounted = one.await().expectSuccess();
                VmResult listed = other.await().expectSuccess();
                assertThat(mounted.stdout()).isEqualTo("mounted\n");
                assertThat(listed.stdout()).doesNotContain("vda");
            }
        }

        @Test
        void failsAndLeavesItRunning(
                KernelEntry kernel, @KtstrDisk(size = "16M") TestDisk disk, VirtualMachine.Builder builder)
                throws Exception {
            RunningVm vm = builder.memory("256M")
                    .disk(disk)
                    .onStart(STARTED::add)
                    .script("echo the guest was here > /dev/console; sleep 100")
                    .start();
            vm.awaitConsoleLine(line -> line.contains("the guest was here"), Duration.ofMinutes(1));
            throw new IllegalStateException("failed with " + kernel.key());
        }
    }

    @Test
    void twoMachinesRunInOneTestAndDisksOfOneKindMountInOneGuest() throws Exception {
        EngineExecutionResults results = run("twoAtOnce");

        assertThat(thrown(results)).isEmpty();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(1);
    }

    @Test
    void aFailureShowsKernelAndConsoleAndNothingIsLeftRunning() throws Exception {
        EngineExecutionResults results = run("failsAndLeavesItRunning");

        Path console = directory.resolve("output/ktstr/console-1.txt");
        assertThat(thrown(results))
                .singleElement()
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(told -> assertThat(told)
                                .hasMessageContaining("kernel k, release ")
                                .hasMessageContaining("the console of virtual machine 1")
                                .hasMessageContaining("the guest was here")
                                .hasMessageContaining("file " + console)));
        assertThat(console).content().contains("the guest was here");
        assertThat(directory.resolve("output/ktstr/disk-1.img")).hasSize(16 << 20);
        assertThat(results.allEvents().fileEntryPublished().count()).isEqualTo(1);
        assertThat(STARTED).singleElement().satisfies(vm -> {
            assertThat(vm.isRunning()).isFalse();
            assertThat(Path.of("/proc", Long.toString(vm.pid()))).doesNotExist();
        });
        try (Stream<Path> holders = Files.walk(directory.resolve("cache/.locks/holders"))) {
            assertThat(holders.filter(Files::isRegularFile)).isEmpty();
        }
    }

    private EngineExecutionResults run(String method) throws Exception {
        requireEverything();
        STARTED.clear();
        Path cache = directory.resolve("cache");
        KernelCache.at(cache)
                .store(RealKernel.require()
                        .request()
                        .key("k")
                        .modulesDir(RealKernel.requireModules())
                        .modules(Modules.BOOT)
                        .build());
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameter("ktstr.cacheDir", cache.toString())
                .configurationParameter("ktstr.keepDisks", "onFailure")
                .outputDirectoryProvider(new Output(directory.resolve("output")))
                .selectors(Stream.of(MachinesCase.class.getDeclaredMethods())
                        .filter(each -> each.getName().equals(method))
                        .map(each -> selectMethod(MachinesCase.class, each))
                        .toArray(DiscoverySelector[]::new))
                .execute();
    }

    private static void requireEverything() {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "boots kernels for x86_64 only");
        for (String program : List.of("qemu-system-x86_64", "busybox", "mkfs.btrfs", "mkfs.ext4")) {
            Commands.requireProgram(program);
        }
    }

    private static List<Throwable> thrown(EngineExecutionResults results) {
        return results.allEvents().finished().stream()
                .flatMap(event -> event.getPayload(TestExecutionResult.class).stream())
                .flatMap(result -> result.getThrowable().stream())
                .toList();
    }

    /** One directory for all: there is one test. */
    private record Output(Path getRootDirectory) implements OutputDirectoryProvider {
        @Override
        public Path getRootDirectory() {
            return getRootDirectory;
        }

        @Override
        public Path createOutputDirectory(TestDescriptor test) throws IOException {
            return Files.createDirectories(getRootDirectory);
        }
    }
}
