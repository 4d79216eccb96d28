package dev.ktstr.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Small {@code vmlinux} files for the tests of other packages. */
public final class TestVmlinux {
    /** What a boot image of the same kernel says of itself. */
    public static final String BANNER = ElfBuilder.BANNER.substring("Linux version ".length());

    private TestVmlinux() {}

    /** With a build id. */
    public static Path kernel(Path file) throws IOException {
        return ElfBuilder.executable().writeTo(file);
    }

    /** Without a build id, and with types that depend on {@code seed}. */
    public static Path kernelWithoutBuildId(Path file, int seed) throws IOException {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".notes").content = new byte[elf.section(".notes").content.length];
        elf.section(".BTF").content = ElfBuilder.filled(500, seed);
        return elf.writeTo(file);
    }

    /** Which the keep list refuses, since no symbol with a name would be left. */
    public static Path kernelWithoutSymbols(Path file) throws IOException {
        return ElfBuilder.executable().withoutSymbols().writeTo(file);
    }

    /** Which cannot be stripped at all: it breaks off. */
    public static Path brokenKernel(Path file) throws IOException {
        byte[] whole = ElfBuilder.executable().build();
        return Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    }

    /** Which cannot be stripped either, and that shows when there is a target: its headers are whole. */
    public static Path kernelWithSymbolsNowhere(Path file) throws IOException {
        ByteBuffer elf = ByteBuffer.wrap(ElfBuilder.executable().build()).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) elf.getLong(Elf64.E_SHOFF);
        while (elf.getInt(header + Elf64.SH_TYPE) != Elf64.SHT_SYMTAB) {
            header += Elf64.SECTION_HEADER_SIZE;
        }
        elf.putLong(header + Elf64.SH_OFFSET, 1L << 40);
        return Files.write(file, elf.array());
    }

    /** Writes a kernel module whose {@code .modinfo} has these lines. */
    public static Path module(Path file, String... lines) throws IOException {
        Files.createDirectories(file.resolveSibling("."));
        byte[] text = (String.join("\0", lines) + "\0").getBytes(StandardCharsets.UTF_8);
        ElfBuilder module = ElfBuilder.object();
        module.section(".modinfo", 1, Elf64.SHF_ALLOC, text);
        return module.writeTo(file);
    }
}
