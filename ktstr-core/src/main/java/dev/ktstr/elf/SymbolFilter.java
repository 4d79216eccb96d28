package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.SYMBOL_SIZE;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Copies a symbol table: leaves out the symbols of sections that go, renumbers the sections of the others, and puts
 * local symbols first, as the gABI demands. Everything else in a symbol stays as it is.
 */
final class SymbolFilter {
    private static final int CHUNK = 16_384 * SYMBOL_SIZE;
    /**
     * Symbols per call of {@link #filterSlice}, in bytes. The JVM compiles a method after some hundred calls, but a
     * loop only after 60,000 rounds: half of a kernel's symbols, on the first strip in a process.
     */
    private static final int SLICE = 32 * SYMBOL_SIZE;

    private enum Pass {
        /** Everything at once, as long as the input has its local symbols first. */
        ALL,
        LOCALS,
        OTHERS
    }

    private final RawElf elf;
    private final int table;
    private final int[] renumbered;
    private final long stringsSize;
    private final SparseFile out;
    private final byte[] chunk;

    private Pass pass = Pass.ALL;
    private int locals;
    private int others;
    private boolean named;
    private boolean outOfOrder;

    /** @param renumbered the new index of each section, or -1 when it goes */
    SymbolFilter(RawElf elf, int table, int[] renumbered, SparseFile out) {
        this.elf = elf;
        this.table = table;
        this.renumbered = renumbered;
        this.stringsSize = elf.size(elf.link(table));
        this.out = out;
        this.chunk = new byte[(int) Math.min(CHUNK, elf.size(table))];
    }

    /**
     * Writes the table from {@code at} on.
     *
     * @return its size in bytes
     * @throws MalformedElfException when a symbol's section or name does not exist, or none with a name is left
     */
    long copyTo(long at) throws IOException {
        out.write(ByteBuffer.allocate(SYMBOL_SIZE), at);
        long end = scan(Pass.ALL, at + SYMBOL_SIZE);
        if (outOfOrder) {
            locals = 0;
            others = 0;
            end = scan(Pass.OTHERS, scan(Pass.LOCALS, at + SYMBOL_SIZE));
        }
        if (!named) {
            throw elf.malformed(Reason.NO_SYMBOLS, "no symbol with a name is left");
        }
        return end - at;
    }

    /** Index of the first symbol that is not local: the table's {@code sh_info}. */
    int firstOther() {
        return 1 + locals;
    }

    private long scan(Pass which, long at) throws IOException {
        pass = which;
        long next = at;
        long size = elf.size(table);
        // Entry 0 is the null symbol, which is written without looking at the input.
        for (long done = SYMBOL_SIZE; done < size && !(outOfOrder && which == Pass.ALL); ) {
            int count = (int) Math.min(chunk.length, size - done);
            elf.input().read(chunk, count, elf.offset(table) + done);
            int kept = 0;
            for (int from = 0; from < count; from += SLICE) {
                kept = filterSlice(chunk, from, Math.min(from + SLICE, count), kept);
            }
            out.write(ByteBuffer.wrap(chunk, 0, kept), next);
            next += kept;
            done += count;
        }
        return next;
    }

    /** Moves the symbols that stay down to {@code kept}, and returns where they end. */
    private int filterSlice(byte[] symbols, int from, int to, int kept) throws MalformedElfException {
        int end = kept;
        for (int at = from; at < to; at += SYMBOL_SIZE) {
            int section = (symbols[at + Elf64.ST_SHNDX] & 0xff) | (symbols[at + Elf64.ST_SHNDX + 1] & 0xff) << 8;
            int target = section < renumbered.length ? renumbered[section] : reserved(section);
            boolean local = symbols[at + Elf64.ST_INFO] >> 4 == Elf64.STB_LOCAL;
            if (target < 0 || (pass != Pass.ALL && local != (pass == Pass.LOCALS))) {
                continue;
            }
            checkName(symbols, at);
            if (local) {
                locals++;
                outOfOrder |= others != 0;
            } else {
                others++;
            }
            symbols[at + Elf64.ST_SHNDX] = (byte) target;
            symbols[at + Elf64.ST_SHNDX + 1] = (byte) (target >> 8);
            if (end != at) {
                System.arraycopy(symbols, at, symbols, end, SYMBOL_SIZE);
            }
            end += SYMBOL_SIZE;
        }
        return end;
    }

    private int reserved(int section) throws MalformedElfException {
        if (section < Elf64.SHN_LORESERVE) {
            throw elf.malformed(Reason.SYMBOL_TABLE, "a symbol lies in section " + section + ", which does not exist");
        }
        if (section == Elf64.SHN_XINDEX) {
            throw elf.malformed(Reason.EXTENDED_NUMBERING, "a symbol's section number is stored in another table");
        }
        return section;
    }

    private void checkName(byte[] symbols, int at) throws MalformedElfException {
        long name = (symbols[at] & 0xff)
                | (symbols[at + 1] & 0xff) << 8
                | (symbols[at + 2] & 0xff) << 16
                | (symbols[at + 3] & 0xffL) << 24;
        if (name >= stringsSize && name != 0) {
            throw elf.malformed(Reason.SYMBOL_TABLE, "a symbol's name lies outside of its string table");
        }
        named |= name != 0;
    }
}
