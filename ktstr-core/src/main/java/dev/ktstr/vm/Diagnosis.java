package dev.ktstr.vm;

import dev.ktstr.ByteSizes;
import dev.ktstr.Durations;
import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import java.time.Duration;
import java.util.Optional;

/** Why a guest never came to run its command, in words that help. */
final class Diagnosis {
    private static final String DOING = "booting a virtual machine: ";

    private final Guest guest;
    private final Accelerator accelerator;

    Diagnosis(Guest guest, Accelerator accelerator) {
        this.guest = guest;
        this.accelerator = accelerator;
    }

    VmException overflow() {
        return new VmException(
                ErrorCode.GUEST_OUTPUT,
                "running a command in a virtual machine: it printed more than " + ByteSizes.format(Collector.MOST_BYTES)
                        + ", and was stopped",
                null,
                "let it print less, or write to a disk");
    }

    VmException silence(Duration patience) {
        return failure(
                ErrorCode.GUEST_SILENT,
                "the kernel has not said a word for " + Durations.format(patience) + ", and was stopped",
                (accelerator == Accelerator.KVM ? "try it without KVM (accelerator TCG, KTSTR_ACCEL=tcg); " : "")
                        + "see whether the kernel has a serial console (CONFIG_SERIAL_8250_CONSOLE, on arm64"
                        + " CONFIG_SERIAL_AMBA_PL011_CONSOLE) and is not told to be quiet; give it more memory");
    }

    /** The guest or QEMU ended before the command began. */
    VmException noCommand() {
        Console console = guest.console();
        Optional<String> missing = console.initProblem();
        if (missing.isPresent()) {
            return failure(
                    ErrorCode.GUEST_DRIVER,
                    missing.get(),
                    "store the kernel with its modules (kernel-store with -Dktstr.modules=boot), or build it with what is"
                            + " missing");
        }
        if (console.ranOutOfMemory()) {
            return failure(ErrorCode.GUEST_MEMORY, "the guest ran out of memory", "give it more (memory)");
        }
        if (console.hasHalted()) {
            return failure(
                    ErrorCode.KERNEL_UNBOOTABLE,
                    "the kernel could not be unpacked",
                    "give it more memory; if that does not help, its image is damaged: store it again");
        }
        Optional<String> panic = console.panic();
        if (panic.isPresent()) {
            return ofPanic(panic.get());
        }
        return console.kernelBegan()
                ? failure(
                        ErrorCode.QEMU_FAILED, "it ended before the command began" + errors(), "see what it said last")
                : withoutAWord();
    }

    private VmException withoutAWord() {
        if (guest.errorsOfQemu().isEmpty()) {
            return failure(
                    ErrorCode.GUEST_SILENT,
                    "the kernel ended before it said a word",
                    "give it more memory; if that does not help, see whether the image is one for this machine");
        }
        if (guest.errorsOfQemu().startsWith("setpriv: ")) {
            return failure(
                    ErrorCode.VM_PROGRAM_MISSING,
                    "this setpriv cannot see to it that QEMU ends with us (--pdeathsig)" + errors(),
                    Programs.install("util-linux", "util-linux"));
        }
        if (guest.errorsOfQemu().contains("Failed to get \"write\" lock")) {
            return failure(
                    ErrorCode.VM_SPEC,
                    "another virtual machine that still runs has one of its disks" + errors(),
                    "wait until that one has ended (close it), or give each a disk of its own");
        }
        return failure(
                ErrorCode.QEMU_FAILED,
                "QEMU ended by itself" + errors(),
                accelerator == Accelerator.KVM
                        ? "try it without KVM: accelerator TCG, or KTSTR_ACCEL=tcg"
                        : "mend what it complains about");
    }

    /** Panics that are about how the kernel was started, linux/init/main.c and do_mounts.c; else it is the kernel's own. */
    private VmException ofPanic(String panic) {
        Console console = guest.console();
        Optional<String> unpacking = console.firstLineWith("Initramfs unpacking failed");
        if (unpacking.isPresent()) {
            return failure(
                    ErrorCode.GUEST_MEMORY,
                    "the kernel could not unpack the initial file system (" + unpacking.get() + "): mostly it had too"
                            + " little memory, and what it had was overwritten",
                    "give it more memory");
        }
        if (panic.contains("Unable to mount root fs")) {
            return failure(
                    ErrorCode.GUEST_INIT,
                    "the kernel looked for a root device (" + panic
                            + ") instead of starting /init from the initial file" + " system that it was given",
                    "leave root= and rdinit= out of the kernel's arguments; the kernel needs CONFIG_BLK_DEV_INITRD and"
                            + " CONFIG_BINFMT_SCRIPT");
        }
        if (panic.contains("No working init found") || panic.contains("No init found")) {
            return failure(
                    ErrorCode.GUEST_INIT,
                    "the kernel did not start /init (" + panic + ")",
                    "leave init= and rdinit= out of the kernel's arguments; the kernel needs CONFIG_BINFMT_SCRIPT,"
                            + " CONFIG_BINFMT_ELF, and devices (CONFIG_DEVTMPFS, CONFIG_TTY)");
        }
        return failure(ErrorCode.GUEST_PANIC, "the kernel panicked: " + panic, "see in the console what led to it");
    }

    private String errors() {
        String errors = guest.errorsOfQemu();
        return errors.isEmpty() ? "" : ": " + errors;
    }

    private VmException failure(ErrorCode code, String problem, String remedy) {
        return new VmException(code, DOING + problem + guest.console().quotedTail(), null, remedy);
    }
}
