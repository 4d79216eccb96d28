package dev.ktstr.elf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Makes small ELF64 files, right ones and wrong ones. Shares no code with what it tests. */
final class ElfBuilder {
    static final int PROGBITS = 1;
    static final int SYMTAB = 2;
    static final int STRTAB = 3;
    static final int RELA = 4;
    static final int NOTE = 7;
    static final int NOBITS = 8;
    static final int REL = 9;
    static final int RELR = 19;
    static final int CREL = 0x40000014;
    static final long WRITE = 1;
    static final long ALLOC = 2;
    static final long EXEC = 4;
    static final int LOCAL = 0;
    static final int GLOBAL = 1;
    static final int ABS = 0xfff1;
    static final int COMMON = 0xfff2;

    static final class Section {
        final String name;
        final int type;
        final long flags;
        byte[] content;
        long size;
        long offset = -1;
        long address;
        int link;
        int info;
        long alignment = 1;
        long entrySize;

        private Section(String name, int type, long flags, byte[] content) {
            this.name = name;
            this.type = type;
            this.flags = flags;
            this.content = content;
            this.size = content.length;
        }

        Section at(long newAddress) {
            address = newAddress;
            return this;
        }

        Section aligned(long newAlignment) {
            alignment = newAlignment;
            return this;
        }

        /** What the header says, whatever the content is. */
        Section claiming(long newSize) {
            size = newSize;
            return this;
        }

        /** What the header says, wherever the content is. */
        Section claimingOffset(long newOffset) {
            offset = newOffset;
            return this;
        }

        Section linked(int newLink, int newInfo) {
            link = newLink;
            info = newInfo;
            return this;
        }

        Section entries(long newEntrySize) {
            entrySize = newEntrySize;
            return this;
        }
    }

    private record Symbol(String name, int binding, int type, int section, long value, long size, int other) {}

    private record Program(int type, String section) {}

    private final List<Section> sections = new ArrayList<>();
    private final List<Symbol> symbols = new ArrayList<>();
    private final List<Program> programs = new ArrayList<>();
    private boolean withSymbolTable = true;
    private boolean withNameTable = true;

    /** A relocatable object with every kind of section that the strip tells apart, and symbols in those that have them. */
    static ElfBuilder object() {
        ElfBuilder elf = new ElfBuilder();
        elf.section(".text", PROGBITS, ALLOC | EXEC, filled(64, 0x90)).aligned(16);
        elf.section(".BTF", PROGBITS, 0, filled(40, 0xb7));
        elf.section(".rodata", PROGBITS, ALLOC, filled(100, 0x5a)).aligned(8);
        elf.section(".bss", NOBITS, ALLOC | WRITE, new byte[0]).claiming(4096).aligned(32);
        elf.section(".BTF.ext", PROGBITS, 0, filled(24, 0xe7));
        elf.section(".debug_info", PROGBITS, 0, filled(5000, 0xd1));
        elf.section(".debug_str", PROGBITS, 0, filled(3000, 0xd5));
        elf.section(".data", PROGBITS, ALLOC | WRITE, filled(128, 0xda)).aligned(8);
        elf.section(".data..percpu", PROGBITS, ALLOC | WRITE, filled(64, 0xcc)).aligned(64);
        elf.section(".init.data", PROGBITS, ALLOC | WRITE, filled(32, 0x1d));
        elf.symbol("file.c", LOCAL, 4, ABS, 0, 0);
        elf.symbol("schedule", GLOBAL, 2, elf.index(".text"), 0x10, 0x20);
        elf.symbol("scx_root", GLOBAL, 1, elf.index(".bss"), 0x40, 8);
        elf.symbol("init_task", GLOBAL, 1, elf.index(".data"), 0x18, 16);
        elf.symbol("runqueues", GLOBAL, 1, elf.index(".data..percpu"), 0, 64);
        elf.symbol("setup_data", GLOBAL, 1, elf.index(".init.data"), 4, 4);
        return elf;
    }

    /** The object with the relocation sections that kernels have and strict parsers refuse. */
    static ElfBuilder objectWithJunkRelocations() {
        ElfBuilder elf = object();
        elf.section(".rela.debug_info", RELA, 0, filled(48, 0xff))
                .linked(999, 6)
                .entries(24);
        elf.section(".rela.text", RELA, 0, filled(17, 0xff)).linked(1, 77).entries(24);
        elf.section(".relr.dyn", RELR, 0, filled(9, 0xff)).entries(8);
        elf.section(".rel.data", REL, 0, new byte[0]).claiming(1L << 40).claimingOffset(1L << 41);
        elf.section(".crel.text", CREL, 0, new byte[0]).claiming(-1).claimingOffset(-1);
        elf.section(".comment", PROGBITS, 0, "GCC".getBytes(StandardCharsets.US_ASCII));
        return elf;
    }

    /** What a kernel looks like: addresses, program headers, notes, export tables. */
    static ElfBuilder executable() {
        ElfBuilder elf = new ElfBuilder();
        elf.section(".text", PROGBITS, ALLOC | EXEC, filled(8192, 0x90))
                .aligned(4096)
                .at(0xffffffff81000000L);
        elf.section(".rodata", PROGBITS, ALLOC | WRITE, rodata()).aligned(4096).at(0xffffffff82000000L);
        elf.section("__ksymtab", PROGBITS, ALLOC, filled(24, 0x11)).at(0xffffffff82010000L);
        elf.section("__ksymtab_strings", PROGBITS, ALLOC, filled(24, 0x12)).at(0xffffffff82011000L);
        elf.section("__kcrctab_gpl", PROGBITS, ALLOC, filled(24, 0x13)).at(0xffffffff82012000L);
        elf.section(".notes", NOTE, ALLOC, kernelNotes()).aligned(4).at(0xffffffff82013000L);
        elf.section(".BTF", PROGBITS, ALLOC, filled(500, 0xb7)).at(0xffffffff82014000L);
        elf.section(".BTF_ids", PROGBITS, ALLOC, filled(16, 0xb8)).at(0xffffffff82015000L);
        elf.section(".data", PROGBITS, ALLOC | WRITE, filled(20_000, 0xda))
                .aligned(4096)
                .at(0xffffffff83000000L);
        elf.section(".rela.dyn", RELA, ALLOC, filled(48, 0xee))
                .at(0xffffffff83010000L)
                .linked(0, 9)
                .entries(24);
        elf.section(".data..percpu", PROGBITS, ALLOC | WRITE, filled(64, 0xcc)).aligned(64);
        elf.section(".bss", NOBITS, ALLOC | WRITE, new byte[0]).claiming(4096).at(0xffffffff83020000L);
        elf.section(".debug_info", PROGBITS, 0, filled(30_000, 0xd1));
        elf.program(1, ".text").program(1, ".rodata").program(4, ".notes").program(1, ".data");
        elf.symbol("", LOCAL, 3, elf.index(".text"), 0xffffffff81000000L, 0);
        elf.symbol("", LOCAL, 3, elf.index(".debug_info"), 0, 0);
        elf.symbol("__crc_schedule", LOCAL, 0, elf.index("__kcrctab_gpl"), 0xffffffff82012000L, 0);
        elf.symbol("local_helper", LOCAL, 2, elf.index(".text"), 0xffffffff81000100L, 16);
        elf.symbol("schedule", GLOBAL, 2, elf.index(".text"), 0xffffffff81000200L, 32);
        elf.symbol("__ksymtab_schedule", GLOBAL, 0, elf.index("__ksymtab"), 0xffffffff82010000L, 0);
        elf.symbol("runqueues", GLOBAL, 1, elf.index(".data..percpu"), 0, 64);
        elf.symbol("__start_notes", GLOBAL, 0, elf.index(".notes"), 0xffffffff82013000L, 0);
        elf.symbol("weak_hidden", 2, 2, elf.index(".text"), 0xffffffff81000300L, 5, 2);
        elf.symbol("absolute", GLOBAL, 0, ABS, 0x1234, 0);
        elf.symbol("undefined", GLOBAL, 0, 0, 0, 0);
        elf.symbol("common", GLOBAL, 1, COMMON, 8, 8);
        return elf;
    }

    static final String BUILD_ID = "00112233445566778899aabbccddeeff01234567";
    static final String BANNER = "Linux version 6.12.0-test (someone@somewhere) (gcc 12.2.0) #1 SMP";

    private static byte[] rodata() {
        byte[] bytes = filled(70_000, 'L');
        put(bytes, 100, "Linux version %s (%s)\n\0");
        // Across the border of the first 64 KiB, where a reader by pieces would lose it.
        put(bytes, 65_530, BANNER + "\n\0");
        return bytes;
    }

    private static void put(byte[] bytes, int at, String text) {
        byte[] source = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(source, 0, bytes, at, source.length);
    }

    static byte[] kernelNotes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        note(out, "Xen", 6, new byte[] {'l', 'i', 'n', 'u', 'x'});
        note(out, "Linux", 257, new byte[] {1});
        note(out, "GNU", 5, new byte[16]);
        note(out, "GNU", 3, HexFormat.of().parseHex(BUILD_ID));
        note(out, "Xen", 18, new byte[8]);
        return out.toByteArray();
    }

    private static void note(ByteArrayOutputStream out, String owner, int type, byte[] content) {
        byte[] name = (owner + "\0").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        out.writeBytes(
                header.putInt(name.length).putInt(content.length).putInt(type).array());
        out.writeBytes(name);
        out.writeBytes(new byte[-name.length & 3]);
        out.writeBytes(content);
        out.writeBytes(new byte[-content.length & 3]);
    }

    static byte[] filled(int size, int first) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (first + i % 7);
        }
        return bytes;
    }

    Section section(String name, int type, long flags, byte[] content) {
        Section section = new Section(name, type, flags, content);
        sections.add(section);
        return section;
    }

    Section section(String name) {
        return sections.get(index(name) - 1);
    }

    /** The number that the section will have. */
    int index(String name) {
        for (int i = 0; i < sections.size(); i++) {
            if (sections.get(i).name.equals(name)) {
                return i + 1;
            }
        }
        throw new IllegalArgumentException("no section " + name);
    }

    ElfBuilder symbol(String name, int binding, int type, int section, long value, long size) {
        return symbol(name, binding, type, section, value, size, 0);
    }

    ElfBuilder symbol(String name, int binding, int type, int section, long value, long size, int other) {
        symbols.add(new Symbol(name, binding, type, section, value, size, other));
        return this;
    }

    ElfBuilder withoutSymbols() {
        symbols.clear();
        return this;
    }

    ElfBuilder program(int type, String section) {
        programs.add(new Program(type, section));
        return this;
    }

    ElfBuilder withoutSymbolTable() {
        withSymbolTable = false;
        return this;
    }

    ElfBuilder withoutNameTable() {
        withNameTable = false;
        return this;
    }

    Path writeTo(Path file) {
        try {
            return Files.write(file, build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] build() {
        List<Section> all = new ArrayList<>(sections);
        if (withSymbolTable) {
            addSymbolTable(all);
        }
        Section names = new Section(".shstrtab", STRTAB, 0, new byte[0]);
        if (withNameTable) {
            all.add(names);
        }
        ByteArrayOutputStream strings = new ByteArrayOutputStream();
        strings.write(0);
        int[] nameOffsets = new int[all.size()];
        for (int i = 0; i < all.size(); i++) {
            nameOffsets[i] = append(strings, all.get(i).name);
        }
        names.content = strings.toByteArray();
        names.size = names.content.length;
        return write(all, nameOffsets);
    }

    private void addSymbolTable(List<Section> all) {
        ByteArrayOutputStream strings = new ByteArrayOutputStream();
        strings.write(0);
        ByteBuffer table = ByteBuffer.allocate(24 * (symbols.size() + 1)).order(ByteOrder.LITTLE_ENDIAN);
        table.position(24);
        int locals = 1;
        for (Symbol symbol : symbols) {
            table.putInt(symbol.name.isEmpty() ? 0 : append(strings, symbol.name));
            table.put((byte) (symbol.binding << 4 | symbol.type)).put((byte) symbol.other);
            table.putShort((short) symbol.section);
            table.putLong(symbol.value).putLong(symbol.size);
            locals += symbol.binding == LOCAL ? 1 : 0;
        }
        all.add(new Section(".symtab", SYMTAB, 0, table.array())
                .linked(all.size() + 2, locals)
                .entries(24)
                .aligned(8));
        all.add(new Section(".strtab", STRTAB, 0, strings.toByteArray()));
    }

    private static int append(ByteArrayOutputStream strings, String text) {
        int offset = strings.size();
        strings.writeBytes((text + "\0").getBytes(StandardCharsets.ISO_8859_1));
        return offset;
    }

    private byte[] write(List<Section> all, int[] nameOffsets) {
        long[] offsets = new long[all.size()];
        int next = 64 + 56 * programs.size();
        for (int i = 0; i < all.size(); i++) {
            int alignment = (int) Math.max(1, all.get(i).alignment);
            next = (next + alignment - 1) / alignment * alignment;
            offsets[i] = next;
            next += all.get(i).content.length;
        }
        int headersAt = (next + 7) & ~7;
        ByteBuffer out = ByteBuffer.allocate(headersAt + 64 * (all.size() + 1)).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
        out.putShort((short) (programs.isEmpty() ? 1 : 2)).putShort((short) 62).putInt(1);
        out.putLong(0).putLong(programs.isEmpty() ? 0 : 64).putLong(headersAt).putInt(0);
        out.putShort((short) 64)
                .putShort((short) (programs.isEmpty() ? 0 : 56))
                .putShort((short) programs.size())
                .putShort((short) 64)
                .putShort((short) (all.size() + 1))
                .putShort((short) (withNameTable ? all.size() : 0));
        for (Program program : programs) {
            Section section = section(program.section);
            out.putInt(program.type).putInt(4).putLong(offsets[index(program.section) - 1]);
            out.putLong(section.address).putLong(section.address);
            out.putLong(section.content.length).putLong(section.content.length).putLong(section.alignment);
        }
        for (int i = 0; i < all.size(); i++) {
            Section section = all.get(i);
            out.position((int) offsets[i]).put(section.content);
            out.position(headersAt + 64 * (i + 1));
            out.putInt(nameOffsets[i])
                    .putInt(section.type)
                    .putLong(section.flags)
                    .putLong(section.address);
            out.putLong(section.offset == -1 && section.size != -1 ? offsets[i] : section.offset)
                    .putLong(section.size);
            out.putInt(section.link)
                    .putInt(section.info)
                    .putLong(section.alignment)
                    .putLong(section.entrySize);
        }
        return out.array();
    }
}
