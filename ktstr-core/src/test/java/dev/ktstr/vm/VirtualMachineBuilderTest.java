package dev.ktstr.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.TestKernels;
import dev.ktstr.disk.DiskThrottle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtualMachineBuilderTest {
    @TempDir
    Path directory;

    private KernelEntry kernel;

    @BeforeEach
    void storeAKernel() throws Exception {
        kernel = KernelCache.at(directory.resolve("kernels"))
                .store(StoreRequest.builder()
                        .key("k")
                        .image(TestKernels.bzImage(directory.resolve("bzImage"), TestKernels.BANNER))
                        .build())
                .entry();
    }

    private VirtualMachine.Builder vm() {
        return VirtualMachine.builder(Environment.of(Map.of("PATH", "/nowhere"), directory))
                .kernel(kernel);
    }

    private static void assertRefused(ThrowingCallable what, String... words) {
        assertThatExceptionOfType(VmException.class).isThrownBy(what).satisfies(refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.VM_SPEC);
            assertThat(refused.problem())
                    .startsWith("describing a virtual machine: its ")
                    .contains(words);
            assertThat(refused.remedy()).isNotEmpty();
        });
    }

    @Test
    void aMachineThatCannotBeIsRefused() {
        assertRefused(
                () -> VirtualMachine.builder(Environment.of(Map.of(), null)).build(), "kernel", "there is none");
        assertRefused(() -> vm().memory(1000).build(), "memory", "1000 bytes are no whole number of MiB");
        assertRefused(() -> vm().memory(0).build(), "memory");
        assertRefused(() -> vm().memory("512 apples").build(), "memory", "512 apples");
        assertRefused(() -> vm().memory("100MB").build(), "memory", "write MiB");
        assertRefused(() -> vm().cpus(0).build(), "0 is not from 1 to 255");
        assertRefused(() -> vm().cpus(256).build(), "256 is not from 1 to 255");
        assertRefused(() -> vm().timeout(Duration.ZERO).build(), "timeout");
        assertRefused(() -> vm().timeout(Duration.ofSeconds(-1)).build(), "timeout", "not positive");
        assertRefused(() -> vm().kernelArgs("a\nb").build(), "kernel arguments", "control characters");
        assertRefused(() -> vm().env("1x", "").build(), "environment", "\"1x\" is no name of a variable");
        assertRefused(() -> vm().env("a=b", "").build(), "environment");
        assertRefused(() -> vm().command().build(), "command", "empty");
        assertRefused(() -> vm().command("", "x").build(), "command", "empty");
        assertRefused(() -> vm().command("x", "a\0b").build(), "command", "NUL");
        assertRefused(() -> vm().script("a\0b").build(), "script", "NUL");
        assertRefused(() -> vm().env("A", "a\0b").build(), "environment", "NUL");
        VirtualMachine.Builder many = vm();
        for (int i = 0; i < 25; i++) {
            many.disk(Path.of("/disk" + i), DiskThrottle.NONE);
        }
        assertRefused(many::build, "disks", "there are 25");
    }

    @Test
    void placesForFilesAreChecked() throws Exception {
        for (String wrong : List.of("", "/", "relative", "/a/../b", "/a//b", "/a/./b", "/a/", "/a\nb", "/..")) {
            assertRefused(() -> vm().file(directory, wrong).build(), "files", "is no absolute path in the guest");
        }
        for (String ours : List.of(
                "/init",
                "/ktstr",
                "/ktstr/run",
                "/usr",
                "/bin/busybox",
                "/dev/x",
                "/proc/x",
                "/sys",
                "/lib/modules/6.1/x.ko")) {
            assertRefused(() -> vm().file(directory, ours).build(), "files", "belongs to ktstr itself");
        }
        assertRefused(
                () -> vm().file(directory, "/a").file(directory, "/a/b").build(),
                "files",
                "would be a file and a directory");
        for (String right : List.of("/a", "/usr/bin/.x", "/ktstr2", "/a b/größe", "/...")) {
            assertThat(vm().file(directory, right).build()).isNotNull();
        }
    }

    @Test
    void programsAreLookedForBeforeAnythingIsMade() throws Exception {
        VirtualMachine machine = vm().accelerator(Accelerator.TCG).build();
        assertThatExceptionOfType(VmException.class)
                .isThrownBy(machine::run)
                .withMessageContaining("there is no qemu-system-")
                .satisfies(missing -> assertThat(missing.code()).isEqualTo(ErrorCode.VM_PROGRAM_MISSING));
        assertThat(Files.exists(directory.resolve(".cache"))).isFalse();
    }

    @Test
    void aMachineStaysWhatItWasWhenItsBuilderGoesOn() throws Exception {
        VirtualMachine.Builder builder = vm().kernelArgs("one");
        VirtualMachine first = builder.build();
        builder.kernelArgs("two").cpus(0);
        assertThat(first.command("true")).isNotSameAs(first);
    }
}
