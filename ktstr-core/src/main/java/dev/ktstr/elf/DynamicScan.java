package dev.ktstr.elf;

import static dev.ktstr.elf.Elf64.DYNAMIC_SIZE;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is there for the dynamic loader, the way the kernel and the loader do: by program headers, since programs
 * may have no section headers. Of several headers of a type the first one counts (the gABI allows one). One use.
 */
final class DynamicScan {
    /** 65,536 entries; real files have some dozens, and a thousand where every library is a small one. */
    private static final int LONGEST_SECTION = 1 << 20;
    /** For all of them: bounds what many entries that point into one endless text can cost. */
    private static final int LONGEST_TEXTS = 1 << 20;
    /** As the kernel: {@code PATH_MAX} with the final zero byte, see {@code load_elf_binary} in {@code fs/binfmt_elf.c}. */
    private static final int LONGEST_INTERPRETER = 4096;

    private static final int CHUNK = 256;

    private record Range(long offset, long size) {}

    private final RawElf elf;
    private final byte[] chunk = new byte[CHUNK];
    private int budget = LONGEST_TEXTS;

    DynamicScan(RawElf elf) {
        this.elf = elf;
    }

    Optional<DynamicLinking> read() throws IOException {
        int interpreter = first(Elf64.PT_INTERP);
        int dynamic = first(Elf64.PT_DYNAMIC);
        if (interpreter < 0 && dynamic < 0) {
            return Optional.empty();
        }
        Optional<String> path = interpreter < 0 ? Optional.empty() : Optional.of(interpreter(interpreter));
        return Optional.of(
                dynamic < 0
                        ? new DynamicLinking(path, List.of(), List.of(), List.of())
                        : linking(path, entries(dynamic)));
    }

    private int first(int type) {
        for (int i = 0; i < elf.programCount(); i++) {
            if (elf.programType(i) == type) {
                return i;
            }
        }
        return -1;
    }

    private String interpreter(int program) throws IOException {
        long size = elf.longOfProgram(program, Elf64.P_FILESZ);
        long offset = elf.longOfProgram(program, Elf64.P_OFFSET);
        if (!elf.input().contains(offset, size)) {
            throw elf.malformed(Reason.TRUNCATED, "the path of its interpreter reaches past the end of the file");
        }
        if (size < 2 || size > LONGEST_INTERPRETER) {
            throw malformed("the path of its interpreter has " + size + " bytes");
        }
        byte[] bytes = new byte[(int) size];
        elf.input().read(bytes, bytes.length, offset);
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        if (end == 0 || bytes[bytes.length - 1] != 0) {
            throw malformed("the path of its interpreter is empty or does not end");
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    private ByteBuffer entries(int program) throws IOException {
        long size = elf.longOfProgram(program, Elf64.P_FILESZ);
        // By its address, as the loader, which never sees the offset.
        long address = elf.longOfProgram(program, Elf64.P_VADDR);
        Range range = inFile("dynamic section", address, size);
        return elf.input().read(range.offset(), (int) Math.min(range.size(), LONGEST_SECTION));
    }

    /** Where the bytes are that will be at these addresses. */
    private Range inFile(String what, long address, long size) throws MalformedElfException {
        for (int i = 0; i < elf.programCount(); i++) {
            long from = address - elf.longOfProgram(i, Elf64.P_VADDR);
            long present = elf.longOfProgram(i, Elf64.P_FILESZ);
            if (elf.programType(i) == Elf64.PT_LOAD && Long.compareUnsigned(from, present) < 0) {
                if (Long.compareUnsigned(size, present - from) > 0) {
                    throw malformed("its " + what + " does not fit into the segment that it begins in");
                }
                Range range = new Range(elf.longOfProgram(i, Elf64.P_OFFSET) + from, size);
                if (!elf.input().contains(range.offset(), range.size())) {
                    throw elf.malformed(Reason.TRUNCATED, "its " + what + " reaches past the end of the file");
                }
                return range;
            }
        }
        throw malformed("its " + what + " is in no segment that is loaded");
    }

    private DynamicLinking linking(Optional<String> interpreter, ByteBuffer entries) throws IOException {
        List<Long> needed = new ArrayList<>();
        @Nullable Long rpath = null;
        @Nullable Long runpath = null;
        @Nullable Long table = null;
        @Nullable Long size = null;
        boolean ends = false;
        for (int at = 0; at + DYNAMIC_SIZE <= entries.capacity() && !ends; at += DYNAMIC_SIZE) {
            long tag = entries.getLong(at);
            long value = entries.getLong(at + Elf64.D_VAL);
            if (tag == Elf64.DT_NEEDED) {
                needed.add(value);
            } else if (tag == Elf64.DT_RPATH) {
                rpath = value;
            } else if (tag == Elf64.DT_RUNPATH) {
                runpath = value;
            } else if (tag == Elf64.DT_STRTAB) {
                table = value;
            } else if (tag == Elf64.DT_STRSZ) {
                size = value;
            }
            ends = tag == Elf64.DT_NULL;
        }
        if (!ends) {
            throw malformed("its dynamic section does not end, or not within " + LONGEST_SECTION + " bytes");
        }
        if (needed.isEmpty() && rpath == null && runpath == null) {
            return new DynamicLinking(interpreter, List.of(), List.of(), List.of());
        }
        if (table == null || size == null) {
            throw malformed("its dynamic section names no table of texts");
        }
        Range texts = inFile("table of texts", table, size);
        List<String> names = new ArrayList<>();
        for (long name : needed) {
            names.add(text(texts, name));
        }
        return new DynamicLinking(interpreter, names, path(texts, rpath), path(texts, runpath));
    }

    private List<String> path(Range texts, @Nullable Long at) throws IOException {
        if (at == null) {
            return List.of();
        }
        return Arrays.stream(text(texts, at).split(":", -1))
                .filter(element -> !element.isEmpty())
                .toList();
    }

    private String text(Range texts, long start) throws IOException {
        if (Long.compareUnsigned(start, texts.size()) >= 0) {
            throw malformed("a text of its dynamic section is outside of the table of texts");
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        long at = start;
        while (at < texts.size() && budget > 0) {
            int count = (int) Math.min(Math.min(CHUNK, budget), texts.size() - at);
            elf.input().read(chunk, count, texts.offset() + at);
            int end = 0;
            while (end < count && chunk[end] != 0) {
                end++;
            }
            text.write(chunk, 0, end);
            at += end;
            // The zero byte counts too, or empty texts would be free.
            budget -= Math.min(budget, end + 1);
            if (end < count) {
                return text.toString(StandardCharsets.UTF_8);
            }
        }
        throw malformed("a text of its dynamic section does not end, or they have more than " + LONGEST_TEXTS
                + " bytes together");
    }

    private MalformedElfException malformed(String detail) {
        return elf.malformed(Reason.DYNAMIC, detail);
    }
}
