package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The strip of the {@code vmlinux} that the system property {@code ktstr.it.vmlinux} names. */
@Tag("kernel")
class VmlinuxStripperRealKernelTest {
    private static final long MIB = 1 << 20;

    @TempDir
    private static Path directory;

    private static Path source;
    private static Path target;
    private static StripReport report;

    @BeforeAll
    static void strip() throws IOException {
        String vmlinux = System.getProperty("ktstr.it.vmlinux");
        assumeTrue(vmlinux != null, "set -Dktstr.it.vmlinux to the path of an unstripped vmlinux");
        source = Path.of(vmlinux);
        assumeTrue(Files.isRegularFile(source), () -> "ktstr.it.vmlinux names no file: " + source);
        target = directory.resolve("vmlinux");
        report = VmlinuxStripper.strip(source, target);
    }

    @Test
    void isStrippedByTheKeepListAndUsesLessThan20Megabytes() throws Exception {
        assertThat(report.kind()).isEqualTo(StripReport.Kind.KEEP_LIST);
        assertThat(report.kept()).contains(".text", ".rodata", ".BTF", ".bss", ".data..percpu", ".symtab");
        assertThat(report.bytesIn()).isEqualTo(Files.size(source));
        String[] words = Command.run(directory, "stat", "-c", "%b %B", target.toString())
                .text()
                .trim()
                .split(" ", 2);
        long allocated = Long.parseLong(words[0]) * Long.parseLong(words[1]);
        assertThat(allocated).isLessThan(20_000_000).isLessThan(report.bytesOut() + MIB);
    }

    @Test
    void typesAndReadOnlyDataAreTheSameByteForByte() throws Exception {
        Readelf before = Readelf.of(source, directory);
        Readelf after = Readelf.of(target, directory);
        for (String name : List.of(".BTF", ".rodata", ".strtab", ".shstrtab")) {
            assertThat(after.section(name).size())
                    .isEqualTo(before.section(name).size());
            assertThat(sha256(target, after.section(name))).as(name).isEqualTo(sha256(source, before.section(name)));
        }
    }

    @Test
    void everySymbolOfEverySectionThatStaysIsTheSame() throws Exception {
        Readelf before = Readelf.of(source, directory);
        Readelf after = Readelf.of(target, directory);
        Set<String> gone = new HashSet<>(before.sectionNames());
        gone.removeAll(after.sectionNames());
        assertThat(gone).isEqualTo(new HashSet<>(report.dropped()));
        int compared = 0;
        try (Readelf.Symbols expected = before.openSymbols();
                Readelf.Symbols actual = after.openSymbols()) {
            for (Readelf.Symbol symbol = expected.next(); symbol != null; symbol = expected.next()) {
                if (!gone.contains(symbol.where())) {
                    Readelf.Symbol other = actual.next();
                    if (!symbol.equals(other)) {
                        assertThat(other).isEqualTo(symbol);
                    }
                    compared++;
                }
            }
            assertThat(actual.next()).isNull();
        }
        assertThat(compared).isGreaterThan(50_000);
    }

    @Test
    void whatMonitorsLookUpIsThere() throws Exception {
        assertThat(Readelf.of(target, directory).symbols())
                .containsKeys("runqueues", "__per_cpu_offset", "schedule", "prog_idr", "map_idr", "_text");
    }

    @Test
    void emptiedSectionsKeepAddressSizeAndFlags() throws Exception {
        Readelf before = Readelf.of(source, directory);
        for (Readelf.Section section : Readelf.of(target, directory).sections()) {
            Readelf.Section original = before.section(section.name());
            assertThat(section.address()).isEqualTo(original.address());
            assertThat(section.flags()).isEqualTo(original.flags());
            if (section.flags().contains("A")) {
                assertThat(section.offset()).isEqualTo(original.offset());
                assertThat(section.size()).isEqualTo(original.size());
            }
        }
    }

    @Test
    void readelfHasNoWarningsAndOurOwnCheckFindsNothing() throws Exception {
        assertThat(Readelf.of(target, directory).warnings()).isEmpty();
        try (ElfFile elf = ElfFile.open(target)) {
            assertThat(elf.problems()).isEmpty();
            assertThat(elf.banner()).get().asString().startsWith("Linux version ");
        }
    }

    @Test
    void elflintComplainsAboutNothingNew() throws Exception {
        Set<String> known = complaints("eu-elflint", "--gnu", source.toString());
        assertThat(known).containsAll(complaints("eu-elflint", "--gnu", "-d", target.toString()));
    }

    /** Without the numbers of sections and symbols, which differ. */
    private static Set<String> complaints(String... command) throws Exception {
        Set<String> complaints = new TreeSet<>();
        for (String line : Command.run(directory, command).lines()) {
            complaints.add(line.replaceAll("section \\[ *\\d+\\]", "section").replaceAll("symbol \\d+", "symbol"));
        }
        return complaints;
    }

    @Test
    void gdbFindsFunctions() throws Exception {
        Command.Result result =
                Command.run(directory, "gdb", "-nx", "-batch", "-ex", "info address schedule", target.toString());
        assertThat(result.text()).contains("Symbol \"schedule\" is at 0x");
        assertThat(result.errors()).doesNotContain(target.toString());
    }

    @Test
    void bpftoolReadsTheTypes() throws Exception {
        Command.Result result = Command.run(directory, "bpftool", "btf", "dump", "file", target.toString());
        assertThat(result.exit()).as(result.errors()).isZero();
        assertThat(result.text()).contains("STRUCT 'task_struct'");
    }

    @Test
    void strippingAgainChangesNothing() throws IOException {
        Path again = directory.resolve("again");
        StripReport second = VmlinuxStripper.strip(target, again);
        assertThat(second.dropped()).isEmpty();
        assertThat(second.bytesOut()).isEqualTo(report.bytesOut());
        assertThat(Files.mismatch(again, target)).isEqualTo(-1);
    }

    @Test
    void theMemoryItNeedsDoesNotGrowWithTheFile() throws Exception {
        Path smaller = directory.resolve("without-debug-info");
        Command.Result objcopy =
                Command.run(directory, "objcopy", "--strip-debug", source.toString(), smaller.toString());
        assertThat(objcopy.exit()).as(objcopy.errors()).isZero();
        assertThat(Files.size(smaller)).isLessThan(Files.size(source) / 3);

        Usage large = usage(source);
        Usage small = usage(smaller);
        // A serial collector that never had to run: the peak is the sum of all allocations, and repeats to some
        // kilobytes.
        assertThat(large.heap).isCloseTo(small.heap, within(MIB));
        // Pages of the JVM itself, such as compiled code: they differ by about 2 MiB between equal runs.
        assertThat(large.resident).isCloseTo(small.resident, within(8 * MIB));
    }

    private record Usage(long heap, long resident) {}

    private static Usage usage(Path file) throws Exception {
        Path output = Files.createTempDirectory(directory, "child").resolve("vmlinux");
        Command.Result result =
                Command.child(directory, List.of(), List.of("-Xmx64m", "-XX:+UseSerialGC"), file, output);
        assertThat(result.text()).as(result.errors()).contains("kind=keep-list");
        return new Usage(number(result, "heap="), number(result, "resident="));
    }

    private static long number(Command.Result result, String label) throws IOException {
        return result.lines().stream()
                .filter(line -> line.startsWith(label))
                .mapToLong(line -> Long.parseLong(line.substring(label.length())))
                .findFirst()
                .orElseThrow();
    }

    private static String sha256(Path file, Readelf.Section section) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (FileChannel channel = FileChannel.open(file)) {
            channel.position(section.offset());
            try (InputStream in = new DigestInputStream(Channels.newInputStream(channel), digest)) {
                in.readNBytes((int) section.size());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
