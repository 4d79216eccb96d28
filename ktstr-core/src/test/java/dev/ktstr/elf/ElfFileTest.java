package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfFileTest {
    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void placeFile() {
        file = directory.resolve("vmlinux");
    }

    @Test
    void findsTheBuildIdAmongXensAndLinuxsNotes() throws IOException {
        ElfBuilder.executable().writeTo(file);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.buildId()).contains(ElfBuilder.BUILD_ID);
        }
    }

    @Test
    void findsTheBuildIdInASegmentWhenNoSectionIsOfThatType() throws IOException {
        ElfBuilder elf = new ElfBuilder();
        elf.section(".notes", ElfBuilder.PROGBITS, ElfBuilder.ALLOC, ElfBuilder.kernelNotes());
        elf.program(4, ".notes").writeTo(file);
        try (ElfFile opened = ElfFile.open(file)) {
            assertThat(opened.buildId()).contains(ElfBuilder.BUILD_ID);
        }
    }

    @Test
    void aStrippedFileHasNoBuildIdAndTheSameBanner() throws IOException {
        ElfBuilder.executable().writeTo(file);
        Path target = directory.resolve("stripped");
        VmlinuxStripper.strip(file, target);
        try (ElfFile elf = ElfFile.open(target)) {
            assertThat(elf.buildId()).isEmpty();
            assertThat(elf.banner()).contains(ElfBuilder.BANNER);
            assertThat(elf.problems()).isEmpty();
        }
    }

    @Test
    void theBannerIsTheTextThatGoesOnWithADigit() throws IOException {
        ElfBuilder.executable().writeTo(file);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.banner()).contains(ElfBuilder.BANNER);
        }
    }

    @Test
    void thereMayBeNeitherBannerNorBuildId() throws IOException {
        ElfBuilder.object().writeTo(file);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.banner()).isEmpty();
            assertThat(elf.buildId()).isEmpty();
        }
    }

    @Test
    void namesTheMachine() throws IOException {
        assertThat(archOf(62)).isEqualTo("x86_64");
        assertThat(archOf(183)).isEqualTo("aarch64");
        assertThat(archOf(243)).isEqualTo("riscv64");
        assertThat(archOf(9999)).isEqualTo("machine-9999");
    }

    private String archOf(int machine) throws IOException {
        byte[] bytes = ElfBuilder.object().build();
        bytes[18] = (byte) machine;
        bytes[19] = (byte) (machine >> 8);
        Files.write(file, bytes);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.machine()).isEqualTo(machine);
            return elf.arch();
        }
    }

    @Test
    void sectionsAreListedAsReadelfListsThem() throws Exception {
        ElfBuilder.executable().writeTo(file);
        Readelf readelf = Readelf.of(file, directory);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.sections()).extracting(ElfFile.Section::name).isEqualTo(readelf.sectionNames());
            assertThat(elf.sections()).allSatisfy(section -> {
                Readelf.Section theirs = readelf.section(section.name());
                assertThat(section.index()).isEqualTo(theirs.index());
                assertThat(section.offset()).isEqualTo(theirs.offset());
                assertThat(section.size()).isEqualTo(theirs.size());
                assertThat(section.address()).isEqualTo(Long.parseUnsignedLong(theirs.address(), 16));
                assertThat(section.link()).isEqualTo(theirs.link());
            });
        }
    }

    @Test
    void keptHashIgnoresDebugInfoAndWhatIsNotKept() throws IOException {
        String original = keptHash(ElfBuilder.executable());
        ElfBuilder otherDebugInfo = ElfBuilder.executable();
        otherDebugInfo.section(".debug_info").content = ElfBuilder.filled(40_000, 0x77);
        otherDebugInfo.section(".debug_info").claiming(40_000);
        otherDebugInfo.section(".data").content[5] ^= 1;
        assertThat(keptHash(otherDebugInfo)).isEqualTo(original).matches("[0-9a-f]{64}");
    }

    @Test
    void keptHashSeesEveryByteThatIsKept() throws IOException {
        String original = keptHash(ElfBuilder.executable());
        ElfBuilder otherTypes = ElfBuilder.executable();
        otherTypes.section(".BTF").content[499] ^= 1;
        ElfBuilder otherData = ElfBuilder.executable();
        otherData.section(".rodata").content[0] ^= 1;
        ElfBuilder otherSymbol = ElfBuilder.executable().symbol("new", ElfBuilder.GLOBAL, 0, ElfBuilder.ABS, 1, 1);
        assertThat(keptHash(otherTypes)).isNotEqualTo(original);
        assertThat(keptHash(otherData)).isNotEqualTo(original);
        assertThat(keptHash(otherSymbol)).isNotEqualTo(original);
    }

    private String keptHash(ElfBuilder builder) throws IOException {
        builder.writeTo(file);
        try (ElfFile elf = ElfFile.open(file)) {
            return elf.keptSha256();
        }
    }

    @Test
    void rightFilesHaveNoProblemsEvenWithJunkRelocations() throws IOException {
        for (ElfBuilder builder :
                new ElfBuilder[] {ElfBuilder.object(), ElfBuilder.objectWithJunkRelocations(), ElfBuilder.executable()
                }) {
            builder.writeTo(file);
            try (ElfFile elf = ElfFile.open(file)) {
                assertThat(elf.problems()).isEmpty();
            }
        }
    }

    @Test
    void everyDamageIsAProblem() throws IOException {
        assertProblem(
                elf -> elf.symbol("lost", ElfBuilder.GLOBAL, 0, 500, 0, 0), "symbol 7 lies in section 500, which");
        assertProblem(
                elf -> elf.symbol("late", ElfBuilder.LOCAL, 0, 1, 0, 0), "symbol 7 is on the wrong side of the first");
        assertProblem(elf -> elf.section(".BTF").claiming(1L << 50), "section 2 (.BTF) reaches past the end");
        assertProblem(elf -> elf.section(".BTF").linked(99, 0), "section 2 (.BTF) is linked to section 99");
        assertProblem(elf -> elf.section(".BTF").aligned(3), "section 2 (.BTF) has an alignment");
        assertProblem(ElfBuilder::withoutNameTable, "there is no table of section names");
        assertProblem(
                elf -> elf.section(".symtab2", ElfBuilder.SYMTAB, 0, new byte[24])
                        .linked(11, 1)
                        .entries(24),
                "there are 2 symbol tables");
        assertProblem(
                elf -> elf.section("s", ElfBuilder.STRTAB, 0, new byte[] {0, 'a'}),
                "section 11 (s) does not start and end");
    }

    private void assertProblem(Consumer<ElfBuilder> damage, String problem) throws IOException {
        ElfBuilder builder = ElfBuilder.object();
        damage.accept(builder);
        builder.writeTo(file);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.problems()).anySatisfy(line -> assertThat(line).startsWith(problem));
        }
    }

    @Test
    void aSymbolNamedOutsideOfItsTableIsAProblem() throws IOException {
        byte[] bytes = ElfBuilder.object().build();
        Files.write(file, bytes);
        long table;
        try (ElfFile elf = ElfFile.open(file)) {
            table = elf.sections().stream()
                    .filter(section -> section.name().equals(".symtab"))
                    .findFirst()
                    .orElseThrow()
                    .offset();
        }
        bytes[(int) table + 24 + 3] = (byte) 0x80;
        Files.write(file, bytes);
        try (ElfFile elf = ElfFile.open(file)) {
            assertThat(elf.problems()).containsExactly("symbol 1 has its name outside of the string table");
        }
    }

    @Test
    void whatIsMissingFromTheFileIsARefusalNotAnError() throws IOException {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".rodata").claiming(1L << 40);
        elf.writeTo(file);
        try (ElfFile opened = ElfFile.open(file)) {
            assertThatThrownBy(opened::banner)
                    .isInstanceOfSatisfying(
                            MalformedElfException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
            assertThatThrownBy(opened::keptSha256).isInstanceOf(MalformedElfException.class);
        }
    }
}
