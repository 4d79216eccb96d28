package dev.ktstr.elf;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * An ELF64 little-endian file, open for reading. Holds its headers and section names (some kilobytes for a kernel, at
 * most 8 MiB whatever the file says) and reads contents in small pieces. For use by one thread at a time, and only
 * while the file does not change.
 */
public final class ElfFile implements AutoCloseable {
    private static final int CHUNK = 1 << 16;
    private static final byte[] BANNER = "Linux version ".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_BANNER = 1024;
    private static final int MAX_MODULE_INFO = 1 << 20;

    /**
     * One section header, as it is in the file (gABI "Section Header").
     *
     * @param index number of the section, from 1
     * @param name empty when it is not in the table of names, or longer than 255 bytes
     * @param type {@code sh_type}
     * @param flags {@code sh_flags}
     * @param address in the kernel's memory; 0 when it has none
     * @param offset of the contents in the file, in bytes
     * @param size in bytes: in the file, or in memory only if the type is {@code SHT_NOBITS} (8)
     * @param link {@code sh_link}
     * @param info {@code sh_info}
     * @param alignment of the address, in bytes
     * @param entrySize size in bytes of each entry of a table, else 0
     */
    record Section(
            int index,
            String name,
            int type,
            long flags,
            long address,
            long offset,
            long size,
            int link,
            int info,
            long alignment,
            long entrySize) {}

    private final RawElf elf;

    private ElfFile(RawElf elf) {
        this.elf = elf;
    }

    /**
     * Reads the headers, and keeps the file open.
     *
     * @throws MalformedElfException when the file is not ELF64 little-endian, or its headers or section names are not
     *     where its file header says, or it has 65,280 sections or more
     * @throws IOException when the file cannot be read
     */
    public static ElfFile open(Path path) throws IOException {
        return new ElfFile(RawElf.open(path));
    }

    /**
     * As {@link #open}, but reads only what the kernel and the dynamic loader read of a program or shared library: the
     * file header and the program headers. Section headers may be missing or junk; the file then looks as if it had
     * none.
     *
     * @throws MalformedElfException when the file is not ELF64 little-endian, or its program headers are not where its
     *     file header says, or it has 65,535 of them or more
     * @throws IOException when the file cannot be read
     */
    public static ElfFile openLoadable(Path path) throws IOException {
        return new ElfFile(RawElf.openLoadable(path));
    }

    /** {@code e_machine}, such as 62 for x86-64. */
    int machine() {
        return Short.toUnsignedInt(elf.header().getShort(Elf64.E_MACHINE));
    }

    /** The machine as {@code uname -m} names it, such as {@code x86_64}; for one we do not know {@code machine-N}. */
    public String arch() {
        return switch (machine()) {
            case 21 -> "ppc64le";
            case 62 -> "x86_64";
            case 183 -> "aarch64";
            case 243 -> "riscv64";
            case 258 -> "loongarch64";
            default -> "machine-" + machine();
        };
    }

    /** All sections but the null section, in the order of the section headers. */
    List<Section> sections() {
        List<Section> sections = new ArrayList<>();
        for (int i = 1; i < elf.sectionCount(); i++) {
            sections.add(new Section(
                    i,
                    elf.name(i),
                    elf.type(i),
                    elf.flags(i),
                    elf.longOf(i, Elf64.SH_ADDR),
                    elf.offset(i),
                    elf.size(i),
                    elf.link(i),
                    elf.info(i),
                    elf.longOf(i, Elf64.SH_ADDRALIGN),
                    elf.longOf(i, Elf64.SH_ENTSIZE)));
        }
        return List.copyOf(sections);
    }

    /**
     * The GNU build id in lower-case hexadecimal; empty when there is none, as in a file stripped by the keep list. It
     * is looked for in the first 64 KiB of each section and segment of notes, and in 1 MiB of all of them.
     */
    public Optional<String> buildId() throws IOException {
        return new NoteScan(elf).buildId();
    }

    /**
     * The kernel's banner, {@code Linux version 6.1.0-...}, without the line's end: the first text in {@code .rodata}
     * that starts so and goes on with a digit. At most 1,024 bytes.
     *
     * @throws MalformedElfException when {@code .rodata} is not in the file, or several share bytes
     */
    public Optional<String> banner() throws IOException {
        Optional<String> found = Optional.empty();
        long sum = 0;
        for (int i = 1; i < elf.sectionCount() && found.isEmpty(); i++) {
            if (elf.hasBytes(i) && elf.name(i).equals(".rodata")) {
                sum = addDistinct(sum, i);
                found = findBanner(i);
            }
        }
        return found;
    }

    private Optional<String> findBanner(int section) throws IOException {
        long size = elf.size(section);
        byte[] window = new byte[(int) Math.min(CHUNK + LONGEST_BANNER, size)];
        for (long at = 0; at < size; at += CHUNK) {
            int count = (int) Math.min(window.length, size - at);
            elf.input().read(window, count, elf.offset(section) + at);
            int last = Math.min(CHUNK, count - BANNER.length);
            for (int start = 0; start < last; start++) {
                if (window[start] == BANNER[0] && startsBanner(window, start)) {
                    return Optional.of(text(window, start, Math.min(count, start + LONGEST_BANNER)));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean startsBanner(byte[] window, int start) {
        for (int i = 0; i < BANNER.length; i++) {
            if (window[start + i] != BANNER[i]) {
                return false;
            }
        }
        byte next = window[start + BANNER.length];
        return next >= '0' && next <= '9';
    }

    private static String text(byte[] window, int start, int limit) {
        int end = start;
        while (end < limit && window[end] != 0 && window[end] != '\n') {
            end++;
        }
        return new String(window, start, end - start, StandardCharsets.UTF_8);
    }

    /**
     * What a kernel module says of itself: the texts {@code tag=value} of its {@code .modinfo} section. Empty without one.
     *
     * @throws MalformedElfException when the section is not in the file, or larger than 1 MiB
     */
    public List<String> moduleInfo() throws IOException {
        for (int i = 1; i < elf.sectionCount(); i++) {
            if (elf.hasBytes(i) && elf.name(i).equals(".modinfo")) {
                if (!elf.isInFile(i) || elf.size(i) > MAX_MODULE_INFO) {
                    throw elf.malformed(Reason.TRUNCATED, ".modinfo reaches past the end of the file, or is too large");
                }
                byte[] bytes = new byte[(int) elf.size(i)];
                elf.input().read(bytes, bytes.length, elf.offset(i));
                return Arrays.stream(new String(bytes, StandardCharsets.UTF_8).split("\0", -1))
                        .filter(text -> !text.isEmpty())
                        .toList();
            }
        }
        return List.of();
    }

    /**
     * What the file asks of the dynamic loader; empty when it has neither {@code PT_INTERP} nor {@code PT_DYNAMIC}, as
     * most static programs. Reads at most 1 MiB of the dynamic section, and texts of at most 1 MiB together.
     *
     * @throws MalformedElfException when the dynamic section, the interpreter's path or a text is not in the file, does
     *     not end there, or is too long
     */
    public Optional<DynamicLinking> dynamic() throws IOException {
        return new DynamicScan(elf).read();
    }

    /**
     * SHA-256, in lower-case hexadecimal, over what the keep list keeps with bytes, as it is in this file. For each such
     * section in the order of file offsets: its name, a zero byte, its size as 8 bytes little-endian, its bytes. Two
     * files that differ only in the contents of debug sections have the same.
     *
     * @throws MalformedElfException when such a section is not in the file, or several share bytes
     */
    public String keptSha256() throws IOException {
        List<Integer> kept = new ArrayList<>();
        long sum = 0;
        for (int i = 1; i < elf.sectionCount(); i++) {
            if (elf.hasBytes(i) && KeepList.fateOf(elf.name(i), elf.isAllocated(i)) == KeepList.Fate.AS_IS) {
                sum = addDistinct(sum, i);
                kept.add(i);
            }
        }
        kept.sort((a, b) -> Long.compare(elf.offset(a), elf.offset(b)));
        MessageDigest digest = sha256();
        for (int section : kept) {
            digest.update(elf.name(section).getBytes(StandardCharsets.ISO_8859_1));
            digest.update((byte) 0);
            update(digest, section);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private void update(MessageDigest digest, int section) throws IOException {
        long size = elf.size(section);
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            digest.update((byte) (size >> shift));
        }
        byte[] chunk = new byte[(int) Math.min(CHUNK, size)];
        for (long done = 0; done < size; done += CHUNK) {
            int count = (int) Math.min(CHUNK, size - done);
            elf.input().read(chunk, count, elf.offset(section) + done);
            digest.update(chunk, 0, count);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Bounds the work: without it, thousands of headers could each describe the whole file. */
    private long addDistinct(long sum, int section) throws MalformedElfException {
        if (!elf.isInFile(section)) {
            throw elf.malformed(Reason.TRUNCATED, elf.name(section) + " reaches past the end of the file");
        }
        if (elf.size(section) > elf.input().length() - sum) {
            throw elf.malformed(Reason.OVERLAP, elf.name(section) + " overlaps another part of the file");
        }
        return sum + elf.size(section);
    }

    /**
     * What is wrong with the structure of the file, one line each; empty when nothing is. Checked are: names, types,
     * positions and links of sections, string tables, and of every symbol its section, its name, and its place (local
     * symbols first). Not checked are relocation sections, which real kernels have in forms that no reader accepts,
     * and what program headers say about bytes that a strip removed. At most 50 lines.
     */
    public List<String> problems() throws IOException {
        return new StructureCheck(elf).problems();
    }

    @Override
    public void close() throws IOException {
        elf.close();
    }
}
