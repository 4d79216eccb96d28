package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebugPrefixStripTest {
    @TempDir
    private Path directory;

    private Path source;
    private Path target;
    private final List<MalformedElfException> refusals = new ArrayList<>();

    @BeforeEach
    void placeFiles() {
        source = directory.resolve("vmlinux");
        target = directory.resolve("stripped");
    }

    @Test
    void isUsedWhenNoSymbolHasAName() throws Exception {
        ElfBuilder.objectWithJunkRelocations().withoutSymbols().writeTo(source);
        StripReport report = fallBack(Reason.NO_SYMBOLS);

        assertThat(report.dropped())
                .containsExactly(
                        ".debug_info",
                        ".debug_str",
                        ".rela.debug_info",
                        ".rela.text",
                        ".relr.dyn",
                        ".rel.data",
                        ".crel.text",
                        ".comment");
        Readelf before = Readelf.of(source, directory);
        Readelf after = Readelf.of(target, directory);
        assertThat(after.sectionNames()).containsAll(report.kept()).doesNotContainAnyElementsOf(report.dropped());
        for (String name : List.of(".text", ".BTF", ".rodata", ".BTF.ext", ".data", ".init.data", ".symtab")) {
            assertThat(after.bytes(name)).isEqualTo(before.bytes(name));
            assertThat(after.section(name).index())
                    .isEqualTo(before.section(name).index());
        }
    }

    @Test
    void isUsedWhenEveryNamedSymbolWasInASectionThatIsGone() throws Exception {
        ElfBuilder elf = ElfBuilder.object().withoutSymbols();
        elf.symbol("", ElfBuilder.LOCAL, 3, elf.index(".text"), 0, 0);
        elf.symbol("str", ElfBuilder.GLOBAL, 1, elf.index(".debug_str"), 0, 1);
        elf.writeTo(source);
        fallBack(Reason.NO_SYMBOLS);
        try (ElfFile after = ElfFile.open(target)) {
            assertThat(after.problems()).isEmpty();
        }
    }

    @Test
    void isUsedForSeveralSymbolTablesAndForNone() throws Exception {
        ElfBuilder several = ElfBuilder.object();
        several.section(".symtab2", ElfBuilder.SYMTAB, 0, new byte[24]).entries(24);
        several.writeTo(source);
        fallBack(Reason.SYMBOL_TABLE);

        Files.delete(target);
        refusals.clear();
        ElfBuilder.object().withoutSymbolTable().writeTo(source);
        fallBack(Reason.SYMBOL_TABLE);
    }

    @Test
    void keepsProgramHeadersAndEveryAllocatedByte() throws Exception {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".symtab2", ElfBuilder.SYMTAB, 0, new byte[24]).entries(24);
        elf.writeTo(source);
        fallBack(Reason.SYMBOL_TABLE);

        Readelf before = Readelf.of(source, directory);
        Readelf after = Readelf.of(target, directory);
        for (String name : List.of(".text", ".rodata", "__ksymtab", ".notes", ".BTF_ids", ".data")) {
            assertThat(after.section(name)).isEqualTo(before.section(name));
            assertThat(after.bytes(name)).isEqualTo(before.bytes(name));
        }
        assertThat(Command.run(directory, "readelf", "-lW", target.toString()).text())
                .contains("There are 4 program headers, starting at offset 64")
                .contains("NOTE");
        try (ElfFile file = ElfFile.open(target)) {
            assertThat(file.buildId()).contains(ElfBuilder.BUILD_ID);
        }
    }

    @Test
    void linksToRemovedSectionsBecomeZero() throws Exception {
        ElfBuilder elf = ElfBuilder.object().withoutSymbols();
        elf.section(".stays", ElfBuilder.PROGBITS, 0x40, new byte[8])
                .linked(elf.index(".debug_info"), elf.index(".debug_str"));
        elf.writeTo(source);
        fallBack(Reason.NO_SYMBOLS);
        try (ElfFile after = ElfFile.open(target)) {
            assertThat(after.sections())
                    .filteredOn(section -> section.name().equals(".stays"))
                    .allSatisfy(section -> {
                        assertThat(section.link()).isZero();
                        assertThat(section.info()).isZero();
                    });
        }
    }

    @Test
    void strippingItsResultAgainChangesNothing() throws Exception {
        ElfBuilder.object().withoutSymbols().writeTo(source);
        fallBack(Reason.NO_SYMBOLS);
        Path again = directory.resolve("again");
        StripReport second = VmlinuxStripper.strip(target, again);
        assertThat(second.kind()).isEqualTo(StripReport.Kind.DEBUG_PREFIX);
        assertThat(second.dropped()).isEmpty();
        assertThat(again).hasSameBinaryContentAs(target);
    }

    @Test
    void whenBothWaysFailTheMessageSaysWhyEachDidAndNoTargetIsLeft() throws IOException {
        ElfBuilder elf = ElfBuilder.object().withoutSymbolTable();
        elf.section(".data").claiming(1L << 40);
        elf.writeTo(source);
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target, refusals::add))
                .isInstanceOfSatisfying(MalformedElfException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.SYMBOL_TABLE);
                    assertThat(e.getMessage())
                            .contains("it has no symbol table")
                            .contains("section 8 reaches past the end of the file");
                    assertThat(e.getCause()).isSameAs(refusals.get(0));
                    assertThat(e.getSuppressed()).singleElement().isInstanceOf(MalformedElfException.class);
                });
        assertThat(target).doesNotExist();
    }

    @Test
    void sectionsThatAddUpToMoreThanTheFileAreRefused() throws IOException {
        ElfBuilder elf = ElfBuilder.object().withoutSymbolTable();
        for (int i = 0; i < 100; i++) {
            elf.section("all" + i, ElfBuilder.PROGBITS, 0, new byte[0])
                    .claimingOffset(0)
                    .claiming(5000);
        }
        elf.writeTo(source);
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target)).hasMessageContaining("overlaps");
        assertThat(target).doesNotExist();
    }

    /** What was made of it was shorter than its sections together, and could not be stripped again. */
    @Test
    void sectionsThatStayInPlaceShareNothing() {
        ElfBuilder elf = ElfBuilder.object();
        elf.section(".rodata", ElfBuilder.PROGBITS, ElfBuilder.ALLOC, ElfBuilder.filled(50, 1))
                .claimingOffset(64);
        elf.section(".rodata", ElfBuilder.PROGBITS, ElfBuilder.ALLOC, ElfBuilder.filled(50, 1))
                .claimingOffset(113);
        elf.writeTo(source);
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target))
                .hasMessageContaining("by the keep list, because a section that stays overlaps another one")
                .hasMessageContaining("by removing debug sections, because a section that stays overlaps another one");
    }

    @Test
    void withoutSectionNamesNothingIsRemoved() throws Exception {
        ElfBuilder.object().withoutNameTable().writeTo(source);
        StripReport report = fallBack(Reason.SECTION_NAME);
        assertThat(report.dropped()).isEmpty();
    }

    private StripReport fallBack(Reason reason) throws IOException {
        StripReport report = VmlinuxStripper.strip(source, target, refusals::add);
        assertThat(report.kind()).isEqualTo(StripReport.Kind.DEBUG_PREFIX);
        assertThat(report.kind().text()).isEqualTo("debug-prefix");
        assertThat(refusals)
                .singleElement()
                .extracting(MalformedElfException::reason)
                .isEqualTo(reason);
        return report;
    }
}
