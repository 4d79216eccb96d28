package dev.ktstr.vm;

import dev.ktstr.ByteSizes;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.host.Reservation;
import dev.ktstr.host.ReservationSource;
import dev.ktstr.os.Closer;
import dev.ktstr.os.Fd;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Gathers what a machine needs, and starts it. For one start. */
final class Launcher {
    private final VirtualMachine.Builder values;
    private final Environment environment;
    private final VmPrograms programs;

    Launcher(VirtualMachine.Builder values) throws IOException {
        this.values = values;
        this.environment = values.environment();
        this.programs = new VmPrograms(environment);
    }

    RunningVm start() throws IOException {
        try (Closer closer = new Closer()) {
            KernelLease lease = KernelCache.lease(values.kernel(), environment, values.events());
            closer.add(lease::close);
            KernelEntry kernel = lease.entry();
            GuestArch arch = GuestArch.of(kernel.metadata().arch());
            requireSameArch(arch, kernel);
            Path qemu = programs.require(arch.program());
            Path setpriv = programs.require(RequiredProgram.SETPRIV);
            long kernelSize = arch.sizeInMemory(kernel.image());
            Fd initramfs = new Initramfs(values, programs).create(kernel);
            closer.add(initramfs::close);
            requireMemory(kernelSize, initramfs.stat().size());
            Accelerator accelerator = new AcceleratorChoice(values, qemu).choose();
            Guest guest = Guest.create(environment);
            closer.add(guest::close);
            List<String> command = new QemuCommand(arch, accelerator, values)
                    .words(
                            qemu,
                            kernel.image(),
                            procPath(initramfs),
                            guest.consolePath(),
                            guest.stdoutPath(),
                            guest.stderrPath());
            Optional<Reservation> cpus = reserve(); // last: whoever has reserved some waits for nothing else
            if (cpus.isPresent()) {
                closer.add(cpus.get()::close);
                command = cpus.get().confine(command);
            }
            RunningVm vm =
                    RunningVm.start(mortal(setpriv, command), environment, accelerator, values.timeout(), guest, () -> {
                        try (lease;
                                initramfs) {
                            if (cpus.isPresent()) {
                                cpus.get().close();
                            }
                        }
                    });
            closer.add(vm::close);
            values.onStart().accept(vm);
            closer.keep();
            return vm;
        }
    }

    /**
     * Kills QEMU when the thread that starts it ends. Should that have happened before the kernel was told, the shell finds that
     * it has another parent by then.
     */
    private static List<String> mortal(Path setpriv, List<String> command) {
        List<String> words = new ArrayList<>(List.of(setpriv.toString(), "--pdeathsig", "KILL"));
        words.addAll(List.of("/bin/sh", "-c", "test \"$PPID\" = \"$0\" && exec \"$@\""));
        words.add(Long.toString(ProcessHandle.current().pid()));
        words.addAll(command);
        return words;
    }

    private Optional<Reservation> reserve() throws IOException {
        Optional<ReservationSource> source = values.reservation();
        return source.isPresent() ? Optional.of(source.get().reserve()) : Optional.empty();
    }

    private static void requireSameArch(GuestArch arch, KernelEntry kernel) throws VmException {
        if (!GuestArch.of(Machine.arch()).equals(arch)) {
            throw new VmException(
                    ErrorCode.KERNEL_UNBOOTABLE,
                    "starting a virtual machine: kernel " + kernel.key() + " is for "
                            + kernel.metadata().arch() + ", and this machine, whose busybox would run in it, is "
                            + Machine.arch(),
                    null,
                    "take a kernel for " + Machine.arch());
        }
    }

    /** What is certainly too little. The initial file system is there twice for a while: packed, and as files. */
    private void requireMemory(long kernelSize, long initramfsSize) throws VmException {
        long least = kernelSize + 2 * initramfsSize;
        if (values.memory() < least) {
            throw new VmException(
                    ErrorCode.GUEST_MEMORY,
                    "starting a virtual machine: " + ByteSizes.format(values.memory())
                            + " of memory are too little for this kernel (" + ByteSizes.format(kernelSize)
                            + " to start in) and the files for it (" + ByteSizes.format(initramfsSize) + ", twice)",
                    null,
                    "give it more than " + ByteSizes.format(least)
                            + " (memory); modules without debug information take less");
        }
    }

    /** A path by which QEMU opens what we have open. */
    static Path procPath(Fd fd) throws IOException {
        return fd.procPath()
                .orElseThrow(() -> new VmException(
                        ErrorCode.QEMU_FAILED,
                        "starting a virtual machine: /proc does not show this process's open files, by which QEMU gets at"
                                + " them",
                        null,
                        "mount /proc (in a container: the one of its own pid namespace)"));
    }
}
