package dev.ktstr.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** A {@code vmlinux} whose headers can be read, and which cannot be stripped: that shows when its copy has been begun. */
final class Unstrippable {
    private static final int SECTION_HEADERS = 0x28;
    private static final int SECTION_HEADER_SIZE = 0x3a;
    private static final int SECTIONS = 0x3c;
    private static final int TYPE = 0x04;
    private static final int OFFSET = 0x18;
    private static final int SYMBOL_TABLE = 2;

    private Unstrippable() {}

    /** Moves the symbol table of an ELF64 file out of it: elf(5). */
    static void make(Path vmlinux) throws IOException {
        ByteBuffer elf = ByteBuffer.wrap(Files.readAllBytes(vmlinux)).order(ByteOrder.LITTLE_ENDIAN);
        int at = (int) elf.getLong(SECTION_HEADERS);
        for (int i = 0; i < elf.getShort(SECTIONS); i++) {
            if (elf.getInt(at + TYPE) == SYMBOL_TABLE) {
                elf.putLong(at + OFFSET, 1L << 40);
            }
            at += elf.getShort(SECTION_HEADER_SIZE);
        }
        Files.write(vmlinux, elf.array());
    }
}
