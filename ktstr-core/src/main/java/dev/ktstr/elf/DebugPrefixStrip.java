package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.SECTION_HEADER_SIZE;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes debug sections and their relocations, and keeps everything else with its bytes. It shares the reading of raw
 * headers with {@link KeepListStrip} and no more: it never looks at symbols. A removed section leaves an empty
 * ({@code SHT_NULL}) header behind, so no section number changes and no symbol has to be touched. One use.
 */
final class DebugPrefixStrip {
    static final List<String> PREFIXES = List.of(".debug_", ".rela.", ".rel.", ".relr.", ".crel.");
    static final String COMMENT = ".comment";

    private final RawElf elf;
    private final SparseFile out;
    private final boolean[] removed;
    private final List<String> kept = new ArrayList<>();
    private final List<String> dropped = new ArrayList<>();
    private long written;
    private long end;

    private DebugPrefixStrip(RawElf elf, SparseFile out) {
        this.elf = elf;
        this.out = out;
        this.removed = new boolean[elf.sectionCount()];
    }

    /** @throws MalformedElfException when bytes to keep are not in the file, or overlap where they must not */
    static StripReport strip(RawElf elf, SparseFile out) throws IOException {
        DebugPrefixStrip strip = new DebugPrefixStrip(elf, out);
        strip.decide();
        strip.checkRanges();
        return strip.write();
    }

    static boolean isRemoved(String name) {
        return name.equals(COMMENT) || KeepList.startsWithAny(name, PREFIXES);
    }

    private void decide() {
        for (int i = 1; i < removed.length; i++) {
            String name = elf.name(i);
            removed[i] = i != elf.nameTable() && isRemoved(name);
            if (elf.type(i) != Elf64.SHT_NULL) {
                (removed[i] ? dropped : kept).add(name);
            }
        }
    }

    private void checkRanges() throws MalformedElfException {
        end = Elf64.HEADER_SIZE;
        if (elf.programCount() != 0) {
            end = Math.max(
                    end,
                    elf.header().getLong(Elf64.E_PHOFF) + elf.programHeaders().capacity());
        }
        Ranges inPlace = new Ranges(removed.length);
        long sum = 0;
        for (int i = 1; i < removed.length; i++) {
            if (removed[i] || !elf.hasBytes(i)) {
                continue;
            }
            if (!elf.isInFile(i)) {
                throw elf.malformed(Reason.TRUNCATED, "section " + i + " reaches past the end of the file");
            }
            sum += elf.size(i);
            if (sum > elf.input().length() || (elf.isAllocated(i) && elf.offset(i) < Elf64.HEADER_SIZE)) {
                throw elf.malformed(Reason.OVERLAP, "section " + i + " overlaps another part of the file");
            }
            if (elf.isAllocated(i)) {
                inPlace.add(elf.offset(i), elf.size(i));
                end = Math.max(end, elf.offset(i) + elf.size(i));
            }
        }
        if (!inPlace.areDisjoint()) {
            throw elf.malformed(Reason.OVERLAP, "a section that stays overlaps another one");
        }
    }

    private StripReport write() throws IOException {
        ByteBuffer table = ByteBuffer.allocate(elf.sectionHeaders().capacity())
                .order(elf.sectionHeaders().order());
        table.put(0, elf.sectionHeaders(), 0, table.capacity());
        for (int i = 1; i < removed.length; i++) {
            writeSection(i, table);
        }
        long tableOffset = aligned(end);
        out.write(table, tableOffset);
        writeHeaders(tableOffset);
        written += table.capacity();
        return new StripReport(StripReport.Kind.DEBUG_PREFIX, elf.input().length(), written, kept, dropped);
    }

    private void writeSection(int section, ByteBuffer table) throws IOException {
        int at = section * SECTION_HEADER_SIZE;
        if (removed[section]) {
            for (int i = 0; i < SECTION_HEADER_SIZE; i += Long.BYTES) {
                table.putLong(at + i, 0);
            }
            return;
        }
        if (isRemoved(elf.link(section))) {
            table.putInt(at + Elf64.SH_LINK, 0);
        }
        if (Elf64.infoIsSection(elf.type(section), elf.flags(section)) && isRemoved(elf.info(section))) {
            table.putInt(at + Elf64.SH_INFO, 0);
        }
        if (elf.hasBytes(section)) {
            long size = elf.size(section);
            long offset = elf.isAllocated(section) ? elf.offset(section) : aligned(end);
            out.copy(elf.input(), elf.offset(section), size, offset);
            table.putLong(at + Elf64.SH_OFFSET, offset);
            end = Math.max(end, offset + size);
            written += size;
        }
    }

    private boolean isRemoved(int section) {
        return section > 0 && section < removed.length && removed[section];
    }

    private void writeHeaders(long tableOffset) throws IOException {
        // Where they were: in a file that is loaded they are part of the first segment, and may be addressed there.
        out.write(elf.programHeaders().duplicate(), elf.header().getLong(Elf64.E_PHOFF));
        ByteBuffer header =
                ByteBuffer.allocate(Elf64.HEADER_SIZE).order(elf.header().order());
        header.put(0, elf.header(), 0, header.capacity());
        header.putLong(Elf64.E_SHOFF, tableOffset);
        out.write(header, 0);
        written += elf.programHeaders().capacity() + header.capacity();
    }

    /** 16 is enough for every section that is not loaded: symbols and notes need 8. */
    private static long aligned(long offset) {
        return (offset + 15) & ~15L;
    }
}
