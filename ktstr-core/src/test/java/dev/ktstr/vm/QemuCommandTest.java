package dev.ktstr.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.disk.DiskThrottle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QemuCommandTest {
    private final VirtualMachine.Builder vm = VirtualMachine.builder(Environment.of(Map.of(), null));

    private List<String> words(GuestArch arch, Accelerator accelerator) {
        return new QemuCommand(arch, accelerator, vm)
                .words(
                        Path.of("/usr/bin/qemu"),
                        Path.of("/k/b,z"),
                        Path.of("/proc/1/fd/9"),
                        Path.of("/a,b/console"),
                        Path.of("/proc/1/fd/11"),
                        Path.of("/proc/1/fd/12"));
    }

    @Test
    void aPlainMachine() throws Exception {
        vm.memory("1G").cpus(3).kernelArgs("quiet", "a=b c");
        assertThat(words(GuestArch.X86_64, Accelerator.TCG))
                .startsWith("/usr/bin/qemu", "-nodefaults")
                .contains("-no-reboot")
                .containsSequence("-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "3", "-m", "1024M")
                .containsSequence("-kernel", "/k/b,z", "-initrd", "/proc/1/fd/9")
                .containsSequence(
                        "-append",
                        "earlyprintk=serial,ttyS0,115200 console=ttyS0 no_timer_check panic=-1 rdinit=/init quiet a=b c")
                .containsSequence("-chardev", "stdio,id=control,signal=off")
                .doesNotContain("-drive");
        assertThat(words(GuestArch.X86_64, Accelerator.KVM))
                .containsSequence("-machine", "q35", "-accel", "kvm", "-cpu", "host");
    }

    @Test
    void commasInPathsAreDoubledWhereTheyWouldEndAValue() {
        vm.disk(Path.of("/disks/a,b,,c"), DiskThrottle.NONE);
        assertThat(words(GuestArch.X86_64, Accelerator.TCG))
                .contains("file,id=console,path=/a,,b/console")
                .containsSequence(
                        "-drive",
                        "if=none,id=disk0,format=raw,cache=unsafe,discard=unmap,werror=report,rerror=report,file=/disks/a,,b,,,,c",
                        "-device",
                        "virtio-blk-pci,drive=disk0");
    }

    @Test
    void disksKeepTheirOrderAndTheirLimits() {
        vm.disk(Path.of("/one"), new DiskThrottle(100L, null, 200L, null));
        vm.disk(Path.of("/two"), new DiskThrottle(null, 1L << 20, null, 1L << 21));
        String command = String.join(" ", words(GuestArch.X86_64, Accelerator.TCG));
        assertThat(command)
                .contains(
                        "file=/one,throttling.iops-total=100,throttling.iops-total-max=200 -device virtio-blk-pci,drive=disk0")
                .contains("file=/two,throttling.bps-total=1048576,throttling.bps-total-max=2097152 -device"
                        + " virtio-blk-pci,drive=disk1");
        assertThat(command.indexOf("/one")).isLessThan(command.indexOf("/two"));
    }

    @Test
    void anArm64MachineHasItsOwnTypeAndConsole() {
        assertThat(GuestArch.AARCH64.qemu()).isEqualTo("qemu-system-aarch64");
        assertThat(words(GuestArch.AARCH64, Accelerator.TCG))
                .containsSequence("-machine", "virt", "-accel", "tcg", "-cpu", "max")
                .contains("earlycon console=ttyAMA0 panic=-1 rdinit=/init");
    }
}
