package dev.ktstr.vm;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** What differs from one kind of guest to the other. */
enum GuestArch {
    /** Documentation/arch/x86/boot.rst: "HdrS" at 0x202, {@code init_size} at 0x260. */
    X86_64(
            "qemu-system-x86_64",
            "qemu-system-x86",
            "qemu-system-x86-core",
            "q35",
            // The last: without KVM, on a busy host, too few timer interrupts come in time for the kernel, which
            // panics.
            "earlyprintk=serial,ttyS0,115200 console=ttyS0 no_timer_check",
            0x202,
            "HdrS",
            0x260),
    /** Documentation/arch/arm64/booting.rst: "ARM\x64" at 56, {@code image_size} (its low half) at 16. */
    AARCH64(
            "qemu-system-aarch64",
            "qemu-system-arm",
            "qemu-system-aarch64-core",
            "virt",
            "earlycon console=ttyAMA0",
            56,
            "ARMd",
            16);

    private static final int HEAD = 0x268;

    private final String qemu;
    private final String debianPackage;
    private final String fedoraPackage;
    private final String machine;
    private final String kernelArguments;
    private final int magicAt;
    private final String magic;
    private final int sizeAt;

    GuestArch(
            String qemu,
            String debianPackage,
            String fedoraPackage,
            String machine,
            String kernelArguments,
            int magicAt,
            String magic,
            int sizeAt) {
        this.qemu = qemu;
        this.debianPackage = debianPackage;
        this.fedoraPackage = fedoraPackage;
        this.machine = machine;
        this.kernelArguments = kernelArguments;
        this.magicAt = magicAt;
        this.magic = magic;
        this.sizeAt = sizeAt;
    }

    /** @throws VmException if kernels of this machine are not booted */
    static GuestArch of(String arch) throws VmException {
        return switch (arch) {
            case "x86_64" -> X86_64;
            case "aarch64" -> AARCH64;
            default ->
                throw new VmException(
                        ErrorCode.KERNEL_UNBOOTABLE,
                        "starting a virtual machine: it is not known how to boot a kernel for " + arch,
                        null,
                        "take one for x86_64 or aarch64");
        };
    }

    String qemu() {
        return qemu;
    }

    RequiredProgram program() {
        return new RequiredProgram(qemu, debianPackage, fedoraPackage);
    }

    String machine() {
        return machine;
    }

    /** What its kernel is told: to use the serial console, from its very first words on. */
    String kernelArguments() {
        return kernelArguments;
    }

    /**
     * How much memory the kernel needs for itself while it starts, in bytes, as its image says.
     *
     * @throws VmException if the file is no boot image
     */
    long sizeInMemory(Path image) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(HEAD).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.READ)) {
            while (head.hasRemaining() && file.read(head) >= 0) {}
        }
        byte[] found = Arrays.copyOfRange(head.array(), magicAt, magicAt + magic.length());
        if (!Arrays.equals(found, magic.getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
            throw new VmException(
                    ErrorCode.KERNEL_UNBOOTABLE,
                    "starting a virtual machine: the image is no kernel that "
                            + qemu + " could boot (a " + (this == X86_64 ? "bzImage has" : "arm64 Image has") + " \""
                            + magic
                            + "\" at offset " + magicAt + ")",
                    image,
                    "store the kernel again, from its boot image (vmlinuz, arch/*/boot/bzImage or Image)");
        }
        return Integer.toUnsignedLong(head.getInt(sizeAt));
    }
}
