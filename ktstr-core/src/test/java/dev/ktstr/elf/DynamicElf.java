package dev.ktstr.elf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes small ELF64 programs and libraries with nothing but what is there for the dynamic loader, and no section headers.
 * Shares no code with what it tests.
 */
public final class DynamicElf {
    /** Address of the first byte of the file. */
    public static final long BASE = 0x400000;

    public static final long NEEDED = 1;
    static final long STRTAB = 5;
    static final long STRSZ = 10;
    public static final long RPATH = 15;
    public static final long RUNPATH = 29;

    private record Entry(long tag, @Nullable String text, long value) {}

    private final List<Entry> entries = new ArrayList<>();
    private @Nullable String interpreter;
    private boolean withTable = true;
    private boolean withEnd = true;
    private int machine = 62;
    private int elfClass = 2;

    public DynamicElf interpreter(Object path) {
        interpreter = path.toString();
        return this;
    }

    public DynamicElf needs(Object... names) {
        for (Object name : names) {
            text(NEEDED, name.toString());
        }
        return this;
    }

    public DynamicElf text(long tag, String text) {
        entries.add(new Entry(tag, text, 0));
        return this;
    }

    DynamicElf raw(long tag, long value) {
        entries.add(new Entry(tag, null, value));
        return this;
    }

    DynamicElf withoutTable() {
        withTable = false;
        return this;
    }

    DynamicElf withoutEnd() {
        withEnd = false;
        return this;
    }

    public DynamicElf machine(int number) {
        machine = number;
        return this;
    }

    public DynamicElf elf32() {
        elfClass = 1;
        return this;
    }

    public Path writeTo(Path file) throws IOException {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        return Files.write(file, build());
    }

    /** File header, program headers, the interpreter, the dynamic section, the texts. */
    byte[] build() {
        ByteArrayOutputStream texts = new ByteArrayOutputStream();
        texts.write(0);
        List<long[]> dynamic = new ArrayList<>();
        for (Entry entry : entries) {
            dynamic.add(new long[] {entry.tag, entry.text == null ? entry.value : texts.size()});
            if (entry.text != null) {
                texts.writeBytes(terminated(entry.text));
            }
        }
        byte[] path = interpreter == null ? new byte[0] : terminated(interpreter);
        int programs = interpreter == null ? 2 : 3;
        int pathAt = 64 + 56 * programs;
        int dynamicAt = pathAt + path.length + 7 & ~7;
        int size = 16 * (dynamic.size() + (withTable ? 2 : 0) + (withEnd ? 1 : 0));
        int textsAt = dynamicAt + size;
        if (withTable) {
            dynamic.add(new long[] {STRTAB, BASE + textsAt});
            dynamic.add(new long[] {STRSZ, texts.size()});
        }
        int length = textsAt + texts.size();
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) elfClass, 1, 1}).position(16);
        out.putShort((short) 3).putShort((short) machine).putInt(1).putLong(0).putLong(64);
        out.position(52);
        out.putShort((short) 64).putShort((short) 56).putShort((short) programs);
        out.position(64);
        program(out, 1, 0, length);
        program(out, 2, dynamicAt, size);
        if (interpreter != null) {
            program(out, 3, pathAt, path.length);
        }
        out.put(path).position(dynamicAt);
        for (long[] entry : dynamic) {
            out.putLong(entry[0]).putLong(entry[1]);
        }
        out.position(textsAt);
        out.put(texts.toByteArray());
        return out.array();
    }

    private static void program(ByteBuffer out, int type, long offset, long size) {
        out.putInt(type).putInt(4).putLong(offset).putLong(BASE + offset).putLong(BASE + offset);
        out.putLong(size).putLong(size).putLong(8);
    }

    private static byte[] terminated(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
