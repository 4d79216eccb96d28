package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.PROGRAM_HEADER_SIZE;
import static dev.ktstr.elf.Elf64.SECTION_HEADER_SIZE;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The headers of an ELF64 little-endian file, as they are. Nothing but their own position is checked: what a section
 * header says may be junk. Holds the headers and the section names (at most 4 MiB each), never contents.
 */
final class RawElf implements Closeable {
    /** Bounds what many headers that point into one endless string can cost. */
    private static final int LONGEST_NAME = 255;

    private final ElfInput input;
    private final ByteBuffer header;
    private final ByteBuffer programHeaders;
    private final ByteBuffer sectionHeaders;
    private final byte[] names;

    RawElf(ElfInput input, ByteBuffer header, ByteBuffer programHeaders, ByteBuffer sectionHeaders, byte[] names) {
        this.input = input;
        this.header = header;
        this.programHeaders = programHeaders;
        this.sectionHeaders = sectionHeaders;
        this.names = names;
    }

    /**
     * @throws MalformedElfException when the file is not ELF64 little-endian, or its program headers, section headers
     *     or section names are not where its header says
     */
    static RawElf open(Path path) throws IOException {
        return open(path, RawElfReader::read);
    }

    /**
     * Without looking for section headers: there are none then.
     *
     * @throws MalformedElfException when the file is not ELF64 little-endian, or its program headers are not where its
     *     header says
     */
    static RawElf openLoadable(Path path) throws IOException {
        return open(path, RawElfReader::readLoadable);
    }

    private interface Reader {
        RawElf read(ElfInput input) throws IOException;
    }

    private static RawElf open(Path path, Reader reader) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return reader.read(new ElfInput(path, channel, channel.size()));
        } catch (Throwable e) {
            closeAfter(e, channel);
            throw e;
        }
    }

    private static void closeAfter(Throwable failure, FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    ElfInput input() {
        return input;
    }

    /** The file header; not to be changed. */
    ByteBuffer header() {
        return header;
    }

    /** The program header table; not to be changed. */
    ByteBuffer programHeaders() {
        return programHeaders;
    }

    /** The section header table; not to be changed. */
    ByteBuffer sectionHeaders() {
        return sectionHeaders;
    }

    int programCount() {
        return programHeaders.capacity() / PROGRAM_HEADER_SIZE;
    }

    int programType(int program) {
        return programHeaders.getInt(program * PROGRAM_HEADER_SIZE);
    }

    long longOfProgram(int program, int field) {
        return programHeaders.getLong(program * PROGRAM_HEADER_SIZE + field);
    }

    int sectionCount() {
        return sectionHeaders.capacity() / SECTION_HEADER_SIZE;
    }

    /** Index of the section that holds the names of the sections; may be 0 or not exist. */
    int nameTable() {
        return Short.toUnsignedInt(header.getShort(Elf64.E_SHSTRNDX));
    }

    int type(int section) {
        return sectionHeaders.getInt(section * SECTION_HEADER_SIZE + Elf64.SH_TYPE);
    }

    long flags(int section) {
        return longOf(section, Elf64.SH_FLAGS);
    }

    boolean isAllocated(int section) {
        return (flags(section) & Elf64.SHF_ALLOC) != 0;
    }

    long offset(int section) {
        return longOf(section, Elf64.SH_OFFSET);
    }

    /** {@code sh_size}, an unsigned number: what does not fit is negative here. */
    long size(int section) {
        return longOf(section, Elf64.SH_SIZE);
    }

    long longOf(int section, int field) {
        return sectionHeaders.getLong(section * SECTION_HEADER_SIZE + field);
    }

    int link(int section) {
        return sectionHeaders.getInt(section * SECTION_HEADER_SIZE + Elf64.SH_LINK);
    }

    int info(int section) {
        return sectionHeaders.getInt(section * SECTION_HEADER_SIZE + Elf64.SH_INFO);
    }

    /** Whether the section has bytes in the file. */
    boolean hasBytes(int section) {
        int type = type(section);
        return type != Elf64.SHT_NOBITS && type != Elf64.SHT_NULL && size(section) != 0;
    }

    boolean isInFile(int section) {
        return input.contains(offset(section), size(section));
    }

    /** Whether the name is in the table of names, ends there, and is at most 255 bytes long. */
    boolean hasName(int section) {
        return nameEnd(section) >= 0;
    }

    /** The section's name, or the empty string where {@link #hasName} says that there is none. */
    String name(int section) {
        int end = nameEnd(section);
        int start = nameStart(section);
        return end < 0 ? "" : new String(names, start, end - start, StandardCharsets.ISO_8859_1);
    }

    private int nameStart(int section) {
        return sectionHeaders.getInt(section * SECTION_HEADER_SIZE + Elf64.SH_NAME);
    }

    private int nameEnd(int section) {
        int start = nameStart(section);
        if (start < 0 || start >= names.length) {
            return -1;
        }
        int last = Math.min(names.length - 1, start + LONGEST_NAME);
        int end = start;
        while (end < last && names[end] != 0) {
            end++;
        }
        return names[end] == 0 ? end : -1;
    }

    MalformedElfException malformed(Reason reason, String detail) {
        return input.malformed(reason, detail);
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
