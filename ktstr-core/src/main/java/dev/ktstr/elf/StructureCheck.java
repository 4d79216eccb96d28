package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.SYMBOL_SIZE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Looks at every header and every symbol. One use. */
final class StructureCheck {
    private static final int MOST_PROBLEMS = 50;
    private static final int CHUNK = 4096 * SYMBOL_SIZE;

    private final RawElf elf;
    private final List<String> problems = new ArrayList<>();

    StructureCheck(RawElf elf) {
        this.elf = elf;
    }

    List<String> problems() throws IOException {
        int names = elf.nameTable();
        if (names == 0 || names >= elf.sectionCount() || elf.type(names) != Elf64.SHT_STRTAB) {
            problem("there is no table of section names");
        }
        int symbolTables = 0;
        for (int i = 1; i < elf.sectionCount() && !isFull(); i++) {
            if (elf.type(i) == Elf64.SHT_NULL || Elf64.isRelocation(elf.type(i))) {
                continue;
            }
            checkSection(i);
            if (elf.type(i) == Elf64.SHT_SYMTAB && ++symbolTables == 1) {
                checkSymbols(i);
            }
        }
        if (symbolTables > 1) {
            problem("there are " + symbolTables + " symbol tables");
        }
        return List.copyOf(problems);
    }

    private void checkSection(int section) throws IOException {
        if (!elf.hasName(section)) {
            problem("section " + section + " has no readable name");
        }
        if (elf.hasBytes(section) && !elf.isInFile(section)) {
            problem(described(section) + " reaches past the end of the file");
            return;
        }
        int link = elf.link(section);
        if (link < 0 || link >= elf.sectionCount()) {
            problem(described(section) + " is linked to section " + link + ", which does not exist");
        }
        int info = elf.info(section);
        if (Elf64.infoIsSection(elf.type(section), elf.flags(section)) && (info < 0 || info >= elf.sectionCount())) {
            problem(described(section) + " is about section " + info + ", which does not exist");
        }
        if (Long.bitCount(elf.longOf(section, Elf64.SH_ADDRALIGN)) > 1) {
            problem(described(section) + " has an alignment that is no power of two");
        }
        if (elf.type(section) == Elf64.SHT_STRTAB && elf.hasBytes(section) && !isStringTable(section)) {
            problem(described(section) + " does not start and end with a zero byte");
        }
    }

    private boolean isStringTable(int section) throws IOException {
        byte[] one = new byte[1];
        elf.input().read(one, 1, elf.offset(section));
        boolean starts = one[0] == 0;
        elf.input().read(one, 1, elf.offset(section) + elf.size(section) - 1);
        return starts && one[0] == 0;
    }

    private void checkSymbols(int table) throws IOException {
        if (!elf.isInFile(table)) {
            return;
        }
        int strings = elf.link(table);
        if (strings <= 0 || strings >= elf.sectionCount() || elf.type(strings) != Elf64.SHT_STRTAB) {
            problem(described(table) + " has no string table");
            return;
        }
        long size = elf.size(table);
        if (size % SYMBOL_SIZE != 0 || elf.longOf(table, Elf64.SH_ENTSIZE) != SYMBOL_SIZE) {
            problem(described(table) + " does not consist of entries of " + SYMBOL_SIZE + " bytes");
            return;
        }
        for (long done = 0; done < size && !isFull(); done += CHUNK) {
            ByteBuffer chunk = elf.input().read(elf.offset(table) + done, (int) Math.min(CHUNK, size - done));
            for (int at = 0; at < chunk.capacity() && !isFull(); at += SYMBOL_SIZE) {
                checkSymbol(table, (done + at) / SYMBOL_SIZE, chunk, at);
            }
        }
    }

    private void checkSymbol(int table, long number, ByteBuffer symbols, int at) {
        int section = Short.toUnsignedInt(symbols.getShort(at + Elf64.ST_SHNDX));
        if (section == Elf64.SHN_XINDEX || (section < Elf64.SHN_LORESERVE && section >= elf.sectionCount())) {
            problem("symbol " + number + " lies in section " + section + ", which does not exist");
        }
        if (Integer.toUnsignedLong(symbols.getInt(at)) >= Math.max(1, elf.size(elf.link(table)))) {
            problem("symbol " + number + " has its name outside of the string table");
        }
        boolean local = symbols.get(at + Elf64.ST_INFO) >> 4 == Elf64.STB_LOCAL;
        if (local != number < Integer.toUnsignedLong(elf.info(table))) {
            problem("symbol " + number + " is on the wrong side of the first symbol that is not local");
        }
    }

    private String described(int section) {
        return "section " + section + " (" + elf.name(section) + ")";
    }

    private boolean isFull() {
        return problems.size() >= MOST_PROBLEMS;
    }

    private void problem(String text) {
        if (!isFull()) {
            problems.add(text);
        }
    }
}
