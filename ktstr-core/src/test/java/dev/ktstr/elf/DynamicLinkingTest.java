package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DynamicLinkingTest {
    private static final int MUTATIONS = Integer.getInteger("ktstr.test.mutations", 2_000);
    private static final Pattern NEEDED = Pattern.compile("\\(NEEDED\\).*\\[(.*)]");
    private static final Pattern INTERPRETER = Pattern.compile("program interpreter: (.*)]");

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void placeFile() {
        file = directory.resolve("program");
    }

    private static Optional<DynamicLinking> dynamic(Path program) throws IOException {
        try (ElfFile elf = ElfFile.openLoadable(program)) {
            return elf.dynamic();
        }
    }

    private DynamicLinking dynamic(byte[] program) throws IOException {
        return dynamic(Files.write(file, program)).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/bin/sh", "/bin/ls", "/usr/sbin/mkfs.btrfs", "/usr/bin/qemu-system-x86_64"})
    void realProgramsNeedWhatReadelfSays(String path) throws Exception {
        Path program = Path.of(path);
        assumeTrue(Files.exists(program), () -> path + " is not on this machine");
        String text = Command.run(directory, "readelf", "-dlW", path).text();

        DynamicLinking linking = dynamic(program).orElseThrow();

        assertThat(linking.needed())
                .isNotEmpty()
                .isEqualTo(NEEDED.matcher(text)
                        .results()
                        .map(found -> found.group(1))
                        .toList());
        Matcher interpreter = INTERPRETER.matcher(text);
        assertThat(interpreter.find()).isTrue();
        assertThat(linking.interpreter()).contains(interpreter.group(1));
    }

    @Test
    void bothWaysOfOpeningSayTheSame() throws IOException {
        Path program = Path.of("/bin/sh");
        try (ElfFile elf = ElfFile.open(program)) {
            assertThat(elf.dynamic()).isPresent().isEqualTo(dynamic(program));
        }
    }

    @Test
    void sectionHeadersAreNotNeeded() throws IOException {
        byte[] bytes = Files.readAllBytes(Path.of("/bin/sh"));
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte[] stripped = Arrays.copyOf(bytes, (int) header.getLong(40));
        Arrays.fill(stripped, 40, 48, (byte) 0);
        Arrays.fill(stripped, 60, 64, (byte) 0);

        assertThat(dynamic(stripped)).isEqualTo(dynamic(Path.of("/bin/sh")).orElseThrow());
        // Those that other callers depend on still are.
        assertThatThrownBy(() -> ElfFile.open(file))
                .isInstanceOfSatisfying(
                        MalformedElfException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_SECTIONS));

        byte[] junk = bytes.clone();
        Arrays.fill(junk, 40, 48, (byte) 0xff);
        assertThat(dynamic(junk)).isEqualTo(dynamic(stripped));
    }

    @Tag("gcc")
    @Test
    void bothPathsAreReadAsTheLinkerWritesThem() throws Exception {
        Path source = Files.writeString(directory.resolve("program.c"), "int main(void) { return 0; }\n");
        String paths = "-Wl,-rpath,/a::$ORIGIN/b:/c d:";
        compile(source, "-Wl,--disable-new-dtags", paths);
        assertThat(dynamic(file).orElseThrow().rpath()).containsExactly("/a", "$ORIGIN/b", "/c d");
        assertThat(dynamic(file).orElseThrow().runpath()).isEmpty();

        compile(source, "-Wl,--enable-new-dtags", paths);
        assertThat(dynamic(file).orElseThrow().rpath()).isEmpty();
        assertThat(dynamic(file).orElseThrow().runpath()).containsExactly("/a", "$ORIGIN/b", "/c d");
    }

    @Tag("gcc")
    @Test
    void staticProgramsNeedNothing() throws Exception {
        Path source = Files.writeString(directory.resolve("program.c"), "int main(void) { return 0; }\n");
        compile(source, "-static");
        assertThat(dynamic(file)).isEmpty();

        compile(source, "-static-pie");
        assertThat(dynamic(file)).contains(new DynamicLinking(Optional.empty(), List.of(), List.of(), List.of()));
    }

    private void compile(Path source, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("gcc", "-o", file.toString(), source.toString()));
        command.addAll(List.of(options));
        Command.Result gcc = Command.run(directory, command.toArray(String[]::new));
        assertThat(gcc.exit()).as(gcc.errors()).isZero();
    }

    @Test
    void everythingIsReadInItsOrder() throws IOException {
        DynamicLinking linking = dynamic(new DynamicElf()
                .interpreter("/lib/ld.so")
                .needs("libb.so", "/opt/liba.so", "x".repeat(5000))
                .text(DynamicElf.RPATH, "/first")
                .text(DynamicElf.RPATH, "/r:/s")
                .text(DynamicElf.RUNPATH, "::/t:")
                .build());

        assertThat(linking)
                .isEqualTo(new DynamicLinking(
                        Optional.of("/lib/ld.so"),
                        List.of("libb.so", "/opt/liba.so", "x".repeat(5000)),
                        List.of("/r", "/s"),
                        List.of("/t")));
    }

    @Test
    void whatIsNotThereIsNotNeeded() throws IOException {
        assertThat(dynamic(new DynamicElf().withoutTable().build()).needed()).isEmpty();
        Files.write(file, ElfBuilder.object().build());
        assertThat(dynamic(file)).isEmpty();
    }

    @Test
    void damageIsRefused() throws IOException {
        assertRefused(
                "names no table of texts",
                new DynamicElf().needs("a").withoutTable().build());
        assertRefused("does not end", new DynamicElf().needs("a").withoutEnd().build());
        assertRefused(
                "outside of the table of texts",
                new DynamicElf().raw(DynamicElf.NEEDED, 1).build());
        assertRefused(
                "outside of the table of texts",
                new DynamicElf().raw(DynamicElf.NEEDED, -1).build());
        assertRefused(
                "outside of the table",
                new DynamicElf().raw(DynamicElf.RUNPATH, 1L << 40).build());
        assertRefused("in no segment that is loaded", table(0, 1));
        assertRefused("in no segment that is loaded", table(-1, 1));
        assertRefused("does not fit into the segment", table(DynamicElf.BASE, 1 << 20));
        assertRefused("does not fit into the segment", table(DynamicElf.BASE + 1, -1));
        // The magic number, which has no zero byte.
        assertRefused("a text of its dynamic section does not end", table(DynamicElf.BASE, 4));
        assertRefused(
                "its interpreter has 5001 bytes",
                new DynamicElf().interpreter("/".repeat(5000)).build());
        assertRefused(
                "its interpreter has 1 bytes", new DynamicElf().interpreter("").build());
        assertRefused(
                "is empty or does not end",
                new DynamicElf().interpreter("\0/lib/ld.so").build());

        byte[] unterminated = new DynamicElf().interpreter("/lib/ld.so").build();
        unterminated[64 + 3 * 56 + "/lib/ld.so".length()] = 'o';
        assertRefused("is empty or does not end", unterminated);
        byte[] lost = new DynamicElf().interpreter("/lib/ld.so").build();
        lost[64 + 2 * 56 + 8 + 6] = 1;
        assertRefused("reaches past the end of the file", lost);
        byte[] shorter = new DynamicElf().needs("libc.so.6").build();
        assertRefused("reaches past the end of the file", Arrays.copyOf(shorter, shorter.length - 1));
        byte[] many = new DynamicElf().build();
        many[56] = (byte) 0xff;
        many[57] = (byte) 0xff;
        assertRefused("program headers", many);
    }

    private static byte[] table(long address, long size) {
        return new DynamicElf()
                .withoutTable()
                .raw(DynamicElf.NEEDED, 0)
                .raw(DynamicElf.STRTAB, address)
                .raw(DynamicElf.STRSZ, size)
                .build();
    }

    private void assertRefused(String problem, byte[] bytes) {
        assertThatThrownBy(() -> dynamic(bytes))
                .isInstanceOf(MalformedElfException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void onlySoMuchIsRead() {
        DynamicElf entries = new DynamicElf();
        IntStream.range(0, 70_000).forEach(i -> entries.raw(0x6fff_0000, 0));
        assertRefused("does not end, or not within 1048576 bytes", entries.build());

        DynamicElf sameText = new DynamicElf().needs("x".repeat(10_000));
        IntStream.range(0, 60_000).forEach(i -> sameText.raw(DynamicElf.NEEDED, 1));
        assertRefused("more than 1048576 bytes together", sameText.build());
    }

    @Test
    void everyDamagedProgramIsReadOrRefused() throws IOException {
        long seed = Long.getLong("ktstr.test.seed", new SplittableRandom().nextLong());
        System.out.println("DynamicLinkingTest: repeat with -Dktstr.test.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] original = Files.readAllBytes(Path.of("/bin/sh"));
        List<Integer> interesting = interesting(original);
        int read = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] mutant = original.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                int at = random.nextInt(10) == 0
                        ? random.nextInt(mutant.length)
                        : interesting.get(random.nextInt(interesting.size()));
                mutant[at] ^= (byte) (1 << random.nextInt(8));
            }
            if (random.nextInt(20) == 0) {
                mutant = Arrays.copyOf(mutant, random.nextInt(mutant.length));
            }
            try (ElfFile elf = ElfFile.openLoadable(Files.write(file, mutant))) {
                elf.dynamic();
                read++;
            } catch (MalformedElfException e) {
                assertThat(e.problem()).isNotEmpty();
            } catch (RuntimeException | Error e) {
                fail("mutation " + i + " of seed " + seed, e);
            }
        }
        // Both ends must be reached, or the damage is too small or too great to test anything.
        assertThat(read).isBetween(MUTATIONS / 20, MUTATIONS * 19 / 20);
    }

    /** Where the headers and the dynamic section are. */
    private static List<Integer> interesting(byte[] program) {
        ByteBuffer bytes = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
        IntStream positions = IntStream.range(0, 64);
        for (int i = 0; i < bytes.getShort(56); i++) {
            int at = (int) bytes.getLong(32) + 56 * i;
            int type = bytes.getInt(at);
            int offset = (int) bytes.getLong(at + 8);
            int size = (int) bytes.getLong(at + 32);
            positions = IntStream.concat(positions, IntStream.range(at, at + 56));
            if (type == 2 || type == 3) {
                positions = IntStream.concat(positions, IntStream.range(offset, offset + size));
            }
        }
        return positions.boxed().toList();
    }
}
