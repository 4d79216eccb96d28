package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.HEADER_SIZE;
import static dev.ktstr.elf.Elf64.PROGRAM_HEADER_SIZE;
import static dev.ktstr.elf.Elf64.SECTION_HEADER_SIZE;

import dev.ktstr.elf.KeepList.Fate;
import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps what {@link KeepList} names. Allocated sections stay at their file offset, so that the program headers still
 * tell the truth about those that have bytes; the others follow one after another, and the section headers are last.
 * One use.
 */
final class KeepListStrip {
    private static final int LARGEST_ALIGNMENT = 4096;

    private final RawElf elf;
    private final SparseFile out;
    private final int sections;
    private final Fate[] fates;
    private final int[] renumbered;
    private final List<String> kept = new ArrayList<>();
    private final List<String> dropped = new ArrayList<>();
    private int symbolTable;
    private long written;
    private long end;

    private KeepListStrip(RawElf elf, SparseFile out) {
        this.elf = elf;
        this.out = out;
        this.sections = elf.sectionCount();
        this.fates = new Fate[sections];
        this.renumbered = new int[sections];
    }

    /** @throws MalformedElfException when the source does not allow it; the target may then have been written to */
    static StripReport strip(RawElf elf, SparseFile out) throws IOException {
        KeepListStrip strip = new KeepListStrip(elf, out);
        strip.decide();
        strip.checkSymbolTable();
        strip.checkRanges();
        return strip.write();
    }

    private void decide() throws MalformedElfException {
        int names = elf.nameTable();
        if (names == 0 || names >= sections || elf.type(names) != Elf64.SHT_STRTAB) {
            throw elf.malformed(Reason.SECTION_NAME, "it has no table of section names (.shstrtab)");
        }
        int next = 1;
        fates[0] = Fate.HEADER;
        for (int i = 1; i < sections; i++) {
            if (!elf.hasName(i)) {
                throw elf.malformed(Reason.SECTION_NAME, "section " + i + " has no readable name");
            }
            String name = elf.name(i);
            fates[i] = fateOf(i, name);
            renumbered[i] = fates[i] == Fate.GONE ? -1 : next++;
            (fates[i] == Fate.GONE ? dropped : kept).add(name);
        }
    }

    private Fate fateOf(int section, String name) throws MalformedElfException {
        int type = elf.type(section);
        if (type == Elf64.SHT_NULL) {
            return Fate.GONE;
        }
        if (type == Elf64.SHT_SYMTAB) {
            if (symbolTable != 0) {
                throw elf.malformed(Reason.SYMBOL_TABLE, "it has more than one symbol table");
            }
            symbolTable = section;
            return Fate.AS_IS;
        }
        // By number: their names are nobody's business.
        return section == elf.nameTable() ? Fate.AS_IS : KeepList.fateOf(name, elf.isAllocated(section));
    }

    private void checkSymbolTable() throws MalformedElfException {
        if (symbolTable == 0) {
            throw elf.malformed(Reason.SYMBOL_TABLE, "it has no symbol table");
        }
        long size = elf.size(symbolTable);
        if (elf.isAllocated(symbolTable) || size % Elf64.SYMBOL_SIZE != 0) {
            throw elf.malformed(Reason.SYMBOL_TABLE, "its symbol table is allocated, or ends within a symbol");
        }
        if (size < Elf64.SYMBOL_SIZE) {
            throw elf.malformed(Reason.NO_SYMBOLS, "its symbol table is empty");
        }
        int strings = elf.link(symbolTable);
        if (strings <= 0 || strings >= sections || elf.type(strings) != Elf64.SHT_STRTAB) {
            throw elf.malformed(Reason.SYMBOL_TABLE, "its symbol table has no string table");
        }
        if (fates[strings] != Fate.AS_IS) {
            throw elf.malformed(Reason.SYMBOL_TABLE, "the string table of its symbol table is not named .strtab");
        }
    }

    /** After this no offset of a section that keeps its bytes can overflow, or be written over. */
    private void checkRanges() throws MalformedElfException {
        end = HEADER_SIZE + (long) programHeadersKept() * PROGRAM_HEADER_SIZE;
        long headersEnd = end;
        Ranges inPlace = new Ranges(sections);
        long sum = 0;
        for (int i = 1; i < sections; i++) {
            if (!keepsBytes(i)) {
                continue;
            }
            long offset = elf.offset(i);
            if (!elf.isInFile(i)) {
                throw elf.malformed(Reason.TRUNCATED, elf.name(i) + " reaches past the end of the file");
            }
            sum += elf.size(i);
            if (sum > elf.input().length() || (elf.isAllocated(i) && offset < headersEnd)) {
                throw elf.malformed(Reason.OVERLAP, elf.name(i) + " overlaps another part of the file");
            }
            if (elf.isAllocated(i)) {
                inPlace.add(offset, elf.size(i));
                end = Math.max(end, offset + elf.size(i));
            }
        }
        if (!inPlace.areDisjoint()) {
            throw elf.malformed(Reason.OVERLAP, "a section that stays overlaps another one");
        }
    }

    private boolean keepsBytes(int section) {
        return fates[section] == Fate.AS_IS && elf.hasBytes(section);
    }

    private StripReport write() throws IOException {
        ByteBuffer table = ByteBuffer.allocate((kept.size() + 1) * SECTION_HEADER_SIZE)
                .order(elf.sectionHeaders().order());
        for (int i = 1; i < sections; i++) {
            if (fates[i] != Fate.GONE) {
                writeSection(i, table, renumbered[i] * SECTION_HEADER_SIZE);
            }
        }
        long tableOffset = aligned(end, 8);
        out.write(table, tableOffset);
        int headers = writeHeaders(tableOffset);
        written += table.capacity() + headers;
        return new StripReport(StripReport.Kind.KEEP_LIST, elf.input().length(), written, kept, dropped);
    }

    private void writeSection(int section, ByteBuffer table, int at) throws IOException {
        table.put(at, elf.sectionHeaders(), section * SECTION_HEADER_SIZE, SECTION_HEADER_SIZE);
        table.putInt(at + Elf64.SH_LINK, renumbered(elf.link(section)));
        if (Elf64.infoIsSection(elf.type(section), elf.flags(section))) {
            table.putInt(at + Elf64.SH_INFO, renumbered(elf.info(section)));
        } else if (fates[section] == Fate.HEADER) {
            table.putInt(at + Elf64.SH_INFO, 0);
        }
        if (fates[section] == Fate.HEADER) {
            table.putInt(at + Elf64.SH_TYPE, Elf64.SHT_NOBITS);
        } else if (elf.hasBytes(section)) {
            writeBytes(section, table, at);
        }
    }

    private void writeBytes(int section, ByteBuffer table, int at) throws IOException {
        long size = elf.size(section);
        if (elf.isAllocated(section)) {
            out.copy(elf.input(), elf.offset(section), size, elf.offset(section));
        } else {
            long offset = aligned(end, table.getLong(at + Elf64.SH_ADDRALIGN));
            if (section == symbolTable) {
                SymbolFilter symbols = new SymbolFilter(elf, section, renumbered, out);
                size = symbols.copyTo(offset);
                table.putLong(at + Elf64.SH_SIZE, size);
                table.putInt(at + Elf64.SH_INFO, symbols.firstOther());
            } else {
                out.copy(elf.input(), elf.offset(section), size, offset);
            }
            table.putLong(at + Elf64.SH_OFFSET, offset);
            end = offset + size;
        }
        written += size;
    }

    /** Last, so that a file that was left half-written is not ELF. */
    private int writeHeaders(long tableOffset) throws IOException {
        int programs = programHeadersKept();
        ByteBuffer headers = ByteBuffer.allocate(HEADER_SIZE + programs * PROGRAM_HEADER_SIZE)
                .order(elf.header().order());
        headers.put(0, elf.header(), 0, HEADER_SIZE);
        headers.putLong(Elf64.E_PHOFF, programs == 0 ? 0 : HEADER_SIZE);
        headers.putShort(Elf64.E_PHNUM, (short) programs);
        headers.putLong(Elf64.E_SHOFF, tableOffset);
        headers.putShort(Elf64.E_SHNUM, (short) (kept.size() + 1));
        headers.putShort(Elf64.E_SHSTRNDX, (short) renumbered[elf.nameTable()]);
        int next = HEADER_SIZE;
        for (int i = 0; i < elf.programCount(); i++) {
            if (!isNote(i)) {
                headers.put(next, elf.programHeaders(), i * PROGRAM_HEADER_SIZE, PROGRAM_HEADER_SIZE);
                next += PROGRAM_HEADER_SIZE;
            }
        }
        out.write(headers, 0);
        return headers.capacity();
    }

    /** The bytes of notes are not kept, and readers would parse whatever is in their place. */
    private boolean isNote(int program) {
        return elf.programType(program) == Elf64.PT_NOTE;
    }

    private int programHeadersKept() {
        int count = 0;
        for (int i = 0; i < elf.programCount(); i++) {
            count += isNote(i) ? 0 : 1;
        }
        return count;
    }

    private int renumbered(int section) {
        return section <= 0 || section >= sections || renumbered[section] < 0 ? 0 : renumbered[section];
    }

    private static long aligned(long offset, long alignment) {
        boolean usable = Long.bitCount(alignment) == 1 && alignment > 0 && alignment <= LARGEST_ALIGNMENT;
        long mask = (usable ? alignment : 8) - 1;
        return (offset + mask) & ~mask;
    }
}
