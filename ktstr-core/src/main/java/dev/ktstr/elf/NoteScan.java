package dev.ktstr.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Looks for the GNU build id among the notes of a file: in every {@code SHT_NOTE} section, then in every
 * {@code PT_NOTE} segment. A kernel's {@code .notes} has Xen's and Linux's notes as well. Source: gABI "Note Section";
 * the id is type 3 ({@code NT_GNU_BUILD_ID}) of the owner {@code GNU}.
 */
final class NoteScan {
    /** A kernel's notes have some hundred bytes. */
    private static final int LONGEST_SECTION = 1 << 16;
    /** For all of them: bounds what many headers that point to the same notes can cost. */
    private static final int LONGEST_SUM = 1 << 20;

    private static final int NOTE_HEADER = 12;
    private static final int NT_GNU_BUILD_ID = 3;
    private static final int OWNER_SIZE = 4;
    private static final int GNU = 'G' | 'N' << 8 | 'U' << 16;
    /** The linker writes 8 to 20 bytes, and up to this many when told the id. */
    private static final int LONGEST_ID = 64;

    private final RawElf elf;
    private long budget = LONGEST_SUM;

    NoteScan(RawElf elf) {
        this.elf = elf;
    }

    Optional<String> buildId() throws IOException {
        Optional<String> found = Optional.empty();
        for (int i = 1; i < elf.sectionCount() && found.isEmpty(); i++) {
            if (elf.type(i) == Elf64.SHT_NOTE) {
                found = find(elf.offset(i), elf.size(i), elf.longOf(i, Elf64.SH_ADDRALIGN));
            }
        }
        ByteBuffer programs = elf.programHeaders();
        for (int i = 0; i < elf.programCount() && found.isEmpty(); i++) {
            int at = i * Elf64.PROGRAM_HEADER_SIZE;
            if (elf.programType(i) == Elf64.PT_NOTE) {
                found = find(
                        programs.getLong(at + Elf64.P_OFFSET),
                        programs.getLong(at + Elf64.P_FILESZ),
                        programs.getLong(at + Elf64.P_ALIGN));
            }
        }
        return found;
    }

    private Optional<String> find(long offset, long size, long alignment) throws IOException {
        if (!elf.input().contains(offset, size)) {
            return Optional.empty();
        }
        int count = (int) Math.min(Math.min(size, LONGEST_SECTION), budget);
        budget -= count;
        byte[] bytes = new byte[count];
        elf.input().read(bytes, count, offset);
        ByteBuffer notes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        // Everything is padded to 4 bytes, but to 8 where the section says so (.note.gnu.property).
        long mask = alignment == 8 ? 7 : 3;
        long at = 0;
        while (at + NOTE_HEADER <= count) {
            long ownerSize = Integer.toUnsignedLong(notes.getInt((int) at));
            long contentSize = Integer.toUnsignedLong(notes.getInt((int) at + 4));
            int type = notes.getInt((int) at + 8);
            long content = (at + NOTE_HEADER + ownerSize + mask) & ~mask;
            if (content + contentSize > count) {
                return Optional.empty();
            }
            if (type == NT_GNU_BUILD_ID
                    && ownerSize == OWNER_SIZE
                    && notes.getInt((int) at + NOTE_HEADER) == GNU
                    && contentSize > 0
                    && contentSize <= LONGEST_ID) {
                int start = (int) content;
                return Optional.of(HexFormat.of().formatHex(bytes, start, start + (int) contentSize));
            }
            at = (content + contentSize + mask) & ~mask;
        }
        return Optional.empty();
    }
}
