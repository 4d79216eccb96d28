package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.HEADER_SIZE;
import static dev.ktstr.elf.Elf64.PROGRAM_HEADER_SIZE;
import static dev.ktstr.elf.Elf64.SECTION_HEADER_SIZE;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Finds the headers in a file, or says why there are none that could be read. */
final class RawElfReader {
    /** As much as the headers of the 65,279 sections there can be. */
    private static final int LONGEST_NAME_TABLE = 1 << 22;

    private RawElfReader() {}

    static RawElf read(ElfInput input) throws IOException {
        ByteBuffer header = readHeader(input);
        int programs = unsignedShort(header, Elf64.E_PHNUM);
        int sections = unsignedShort(header, Elf64.E_SHNUM);
        int nameTable = unsignedShort(header, Elf64.E_SHSTRNDX);
        if (header.getLong(Elf64.E_SHOFF) == 0) {
            throw input.malformed(Reason.NO_SECTIONS, "it has no section headers");
        }
        if (programs == Elf64.PN_XNUM
                || sections == 0
                || sections >= Elf64.SHN_LORESERVE
                || nameTable >= Elf64.SHN_LORESERVE) {
            throw input.malformed(Reason.EXTENDED_NUMBERING, "its numbers of headers are kept in section header 0");
        }
        ByteBuffer programHeaders =
                readTable(input, header, Elf64.E_PHOFF, Elf64.E_PHENTSIZE, PROGRAM_HEADER_SIZE, programs);
        ByteBuffer sectionHeaders =
                readTable(input, header, Elf64.E_SHOFF, Elf64.E_SHENTSIZE, SECTION_HEADER_SIZE, sections);
        byte[] names = nameTable < sections ? readNames(input, sectionHeaders, nameTable) : new byte[0];
        return new RawElf(input, header, programHeaders, sectionHeaders, names);
    }

    static RawElf readLoadable(ElfInput input) throws IOException {
        ByteBuffer header = readHeader(input);
        int programs = unsignedShort(header, Elf64.E_PHNUM);
        if (programs == Elf64.PN_XNUM) {
            throw input.malformed(Reason.EXTENDED_NUMBERING, "its number of program headers is kept elsewhere");
        }
        ByteBuffer programHeaders =
                readTable(input, header, Elf64.E_PHOFF, Elf64.E_PHENTSIZE, PROGRAM_HEADER_SIZE, programs);
        return new RawElf(input, header, programHeaders, input.read(0, 0), new byte[0]);
    }

    private static ByteBuffer readHeader(ElfInput input) throws IOException {
        int present = (int) Math.min(HEADER_SIZE, input.length());
        byte[] ident = new byte[HEADER_SIZE];
        input.read(ident, present, 0);
        if (ident[0] != 0x7f || ident[1] != 'E' || ident[2] != 'L' || ident[3] != 'F') {
            throw input.malformed(Reason.NOT_ELF, "it does not start with the ELF magic number");
        }
        // Class and byte order first: a small ELF32 file is shorter than this header and still not truncated.
        if (ident[4] == 1) {
            throw input.malformed(Reason.CLASS_32, "it is ELF32");
        }
        if (ident[5] == 2) {
            throw input.malformed(Reason.BIG_ENDIAN, "it is big-endian");
        }
        if (present < HEADER_SIZE) {
            throw input.malformed(Reason.TRUNCATED, "it ends within its header, after " + present + " bytes");
        }
        if (ident[4] != 2 || ident[5] != 1) {
            throw input.malformed(
                    Reason.BAD_HEADER, "its class (" + ident[4] + ") or byte order (" + ident[5] + ") does not exist");
        }
        return input.read(0, HEADER_SIZE);
    }

    private static ByteBuffer readTable(
            ElfInput input, ByteBuffer header, int offsetField, int sizeField, int entrySize, int count)
            throws IOException {
        if (count != 0 && unsignedShort(header, sizeField) != entrySize) {
            throw input.malformed(
                    Reason.BAD_HEADER,
                    "its headers have " + unsignedShort(header, sizeField) + " bytes each, not " + entrySize);
        }
        long offset = count == 0 ? 0 : header.getLong(offsetField);
        if (!input.contains(offset, (long) count * entrySize)) {
            throw input.malformed(Reason.TRUNCATED, "its table of headers reaches past the end of the file");
        }
        return input.read(offset, count * entrySize);
    }

    private static byte[] readNames(ElfInput input, ByteBuffer sectionHeaders, int index) throws IOException {
        int at = index * SECTION_HEADER_SIZE;
        if (sectionHeaders.getInt(at + Elf64.SH_TYPE) != Elf64.SHT_STRTAB) {
            return new byte[0];
        }
        long offset = sectionHeaders.getLong(at + Elf64.SH_OFFSET);
        long size = sectionHeaders.getLong(at + Elf64.SH_SIZE);
        if (!input.contains(offset, size)) {
            throw input.malformed(Reason.TRUNCATED, "its section names reach past the end of the file");
        }
        if (size > LONGEST_NAME_TABLE) {
            throw input.malformed(Reason.SECTION_NAME, "its section names have " + size + " bytes");
        }
        byte[] names = new byte[(int) size];
        input.read(names, names.length, offset);
        return names;
    }

    private static int unsignedShort(ByteBuffer buffer, int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset));
    }
}
