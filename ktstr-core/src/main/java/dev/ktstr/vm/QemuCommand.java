package dev.ktstr.vm;

import dev.ktstr.disk.DiskThrottle;
import dev.ktstr.vm.VirtualMachine.GuestDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command line of QEMU, qemu(1). */
final class QemuCommand {
    /** Restart at once on a panic, which ends QEMU (-no-reboot). */
    private static final String KERNEL_ARGUMENTS = "panic=-1 rdinit=/init";

    private final GuestArch arch;
    private final Accelerator accelerator;
    private final VirtualMachine.Builder values;

    QemuCommand(GuestArch arch, Accelerator accelerator, VirtualMachine.Builder values) {
        this.arch = arch;
        this.accelerator = accelerator;
        this.values = values;
    }

    /**
     * The words. The conversation with the guest's first process is on QEMU's own standard input and output.
     *
     * @param console where the kernel's console goes: paths that QEMU opens and writes to, like the next two
     */
    List<String> words(Path qemu, Path image, Path initramfs, Path console, Path stdout, Path stderr) {
        List<String> words = new ArrayList<>();
        words.add(qemu.toString());
        words.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
        words.addAll(List.of("-machine", arch.machine(), "-accel", accelerator.text()));
        words.addAll(List.of("-cpu", accelerator == Accelerator.KVM ? "host" : "max"));
        words.addAll(List.of("-smp", Integer.toString(values.cpus()), "-m", (values.memory() >> 20) + "M"));
        words.addAll(List.of("-kernel", image.toString(), "-initrd", initramfs.toString()));
        words.addAll(List.of("-append", kernelCommandLine()));
        words.addAll(List.of("-chardev", "file,id=console,path=" + escaped(console), "-serial", "chardev:console"));
        words.addAll(List.of("-device", "virtio-serial-pci", "-chardev", "stdio,id=control,signal=off"));
        words.addAll(port("control"));
        words.addAll(List.of("-chardev", "file,id=stdout,path=" + escaped(stdout)));
        words.addAll(port("stdout"));
        words.addAll(List.of("-chardev", "file,id=stderr,path=" + escaped(stderr)));
        words.addAll(port("stderr"));
        for (int i = 0; i < values.disks().size(); i++) {
            words.addAll(disk("disk" + i, values.disks().get(i)));
        }
        return words;
    }

    private String kernelCommandLine() {
        String more = String.join(" ", values.kernelArgs());
        return arch.kernelArguments() + " " + KERNEL_ARGUMENTS + (more.isEmpty() ? "" : " " + more);
    }

    private static List<String> port(String name) {
        return List.of("-device", "virtserialport,chardev=" + name + ",name=ktstr." + name);
    }

    /**
     * Nothing on such a disk has to outlive this machine's power: the guest's flushes need not reach the medium. Where the host's
     * disk is full the guest gets an error; QEMU would stop it for ever.
     */
    private static List<String> disk(String id, GuestDisk disk) {
        DiskThrottle throttle = disk.throttle();
        String drive = "if=none,id=" + id + ",format=raw,cache=unsafe,discard=unmap,werror=report,rerror=report,file="
                + escaped(disk.image())
                + limit("iops-total", throttle.iops())
                + limit("iops-total-max", throttle.iopsBurst())
                + limit("bps-total", throttle.bytesPerSecond())
                + limit("bps-total-max", throttle.bytesBurst());
        return List.of("-drive", drive, "-device", "virtio-blk-pci,drive=" + id);
    }

    private static String limit(String name, @Nullable Long value) {
        return value == null ? "" : ",throttling." + name + "=" + value;
    }

    /** As a part of an option, where a comma ends the value. */
    private static String escaped(Path path) {
        return path.toString().replace(",", ",,");
    }
}
