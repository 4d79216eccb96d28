package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmlinuxStripperTest {
    @TempDir
    private Path directory;

    private Path source;
    private Path target;

    @BeforeEach
    void placeFiles() {
        source = directory.resolve("vmlinux");
        target = directory.resolve("stripped");
    }

    @Test
    void keepsBytesHeadersAndNothingElse() throws Exception {
        ElfBuilder.object().writeTo(source);
        StripReport report = VmlinuxStripper.strip(source, target);

        assertThat(report.kind()).isEqualTo(StripReport.Kind.KEEP_LIST);
        assertThat(report.kept())
                .containsExactly(
                        ".text",
                        ".BTF",
                        ".rodata",
                        ".bss",
                        ".data",
                        ".data..percpu",
                        ".init.data",
                        ".symtab",
                        ".strtab",
                        ".shstrtab");
        assertThat(report.dropped()).containsExactly(".BTF.ext", ".debug_info", ".debug_str");
        assertThat(report.bytesIn()).isEqualTo(Files.size(source));
        assertThat(report.bytesOut()).isLessThanOrEqualTo(Files.size(target));

        Readelf before = Readelf.of(source, directory);
        Readelf after = Readelf.of(target, directory);
        assertThat(after.sectionNames()).isEqualTo(report.kept());
        for (String name : List.of(".BTF", ".rodata", ".strtab", ".shstrtab")) {
            assertThat(after.bytes(name)).isEqualTo(before.bytes(name));
        }
        assertThat(after.warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {".text", ".data", ".data..percpu", ".rela.dyn", ".notes"})
    void emptiedSectionsKeepEverythingButTheirBytes(String name) throws Exception {
        ElfBuilder.executable().writeTo(source);
        VmlinuxStripper.strip(source, target);

        Readelf.Section before = Readelf.of(source, directory).section(name);
        Readelf.Section after = Readelf.of(target, directory).section(name);
        assertThat(after.type()).isEqualTo("NOBITS");
        assertThat(after.address()).isEqualTo(before.address());
        assertThat(after.size()).isEqualTo(before.size()).isPositive();
        assertThat(after.flags()).isEqualTo(before.flags());
    }

    @Test
    void symbolsStayAsTheyWereExceptThoseOfSectionsThatAreGone() throws Exception {
        ElfBuilder.executable().writeTo(source);
        VmlinuxStripper.strip(source, target);

        var before = Readelf.of(source, directory).symbols();
        var after = Readelf.of(target, directory).symbols();
        before.keySet().removeAll(List.of("__crc_schedule", "__ksymtab_schedule", ".debug_info"));
        assertThat(after).isEqualTo(before);
        assertThat(after)
                .containsKeys(
                        "schedule", "runqueues", "weak_hidden", "absolute", "undefined", "common", "local_helper");
    }

    @Test
    void allocatedSectionsKeepTheirOffsetAndNotesLeaveTheProgramHeaders() throws Exception {
        ElfBuilder.executable().writeTo(source);
        VmlinuxStripper.strip(source, target);

        Readelf before = Readelf.of(source, directory);
        Readelf after = Readelf.of(target, directory);
        assertThat(after.section(".rodata").offset())
                .isEqualTo(before.section(".rodata").offset());
        assertThat(after.section(".BTF").offset())
                .isEqualTo(before.section(".BTF").offset());
        assertThat(after.bytes(".BTF")).isEqualTo(before.bytes(".BTF"));
        String programs =
                Command.run(directory, "readelf", "-lW", target.toString()).text();
        assertThat(programs)
                .contains("There are 3 program headers, starting at offset 64")
                .doesNotContain("NOTE");
        assertThat(after.warnings()).isEmpty();
    }

    @Test
    void whatIsNotKeptBecomesAHole() throws Exception {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".text").content = ElfBuilder.filled(4 << 20, 0x90);
        elf.section(".text").claiming(4 << 20);
        elf.writeTo(source);
        StripReport report = VmlinuxStripper.strip(source, target);

        String blocks =
                Command.run(directory, "stat", "-c", "%b %B", target.toString()).text();
        String[] words = blocks.trim().split(" ", 2);
        long allocated = Long.parseLong(words[0]) * Long.parseLong(words[1]);
        assertThat(Files.size(target)).isGreaterThan(4 << 20);
        assertThat(allocated).isLessThan(1 << 20);
        assertThat(report.bytesOut()).isLessThan(1 << 20);
    }

    @Test
    void relocationSectionsAreNeverLookedAt() throws Exception {
        ElfBuilder.objectWithJunkRelocations().writeTo(source);
        StripReport report = VmlinuxStripper.strip(source, target);

        assertThat(report.kind()).isEqualTo(StripReport.Kind.KEEP_LIST);
        assertThat(report.dropped())
                .contains(".rela.debug_info", ".rela.text", ".relr.dyn", ".rel.data", ".crel.text", ".comment");
        assertThat(Readelf.of(target, directory).warnings()).isEmpty();
        assertThat(Readelf.of(target, directory).symbols()).containsKeys("schedule", "runqueues");
    }

    @Test
    void aRelocationSectionThatOccupiesMemoryStaysAsAHeaderWhateverItsSizeIs() throws Exception {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".rela.dyn").claiming(17).claimingOffset(1L << 40);
        elf.writeTo(source);
        assertThat(VmlinuxStripper.strip(source, target).kind()).isEqualTo(StripReport.Kind.KEEP_LIST);
        assertThat(Readelf.of(target, directory).section(".rela.dyn").type()).isEqualTo("NOBITS");
    }

    @Test
    void localSymbolsComeFirstEvenWhenTheyDidNot() throws Exception {
        ElfBuilder elf = ElfBuilder.object();
        elf.symbol("late_local", ElfBuilder.LOCAL, 2, elf.index(".text"), 0x30, 1);
        elf.writeTo(source);
        assertThat(VmlinuxStripper.strip(source, target).kind()).isEqualTo(StripReport.Kind.KEEP_LIST);

        Readelf after = Readelf.of(target, directory);
        assertThat(after.symbols().keySet())
                .containsExactly(
                        "file.c", "late_local", "schedule", "scx_root", "init_task", "runqueues", "setup_data");
        assertThat(after.warnings()).isEmpty();
        try (ElfFile result = ElfFile.open(target)) {
            assertThat(result.problems()).isEmpty();
        }
    }

    @Test
    void linksFollowTheirSectionsOrBecomeZero() throws Exception {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".rela.dyn").linked(elf.index("__ksymtab"), elf.index(".data"));
        elf.writeTo(source);
        VmlinuxStripper.strip(source, target);

        try (ElfFile after = ElfFile.open(target)) {
            ElfFile.Section relocations = section(after, ".rela.dyn");
            assertThat(relocations.link()).isZero();
            assertThat(relocations.info()).isEqualTo(section(after, ".data").index());
            ElfFile.Section symbols = section(after, ".symtab");
            assertThat(symbols.link()).isEqualTo(section(after, ".strtab").index());
        }
    }

    @Test
    void strippingAgainChangesNothing() throws Exception {
        ElfBuilder.executable().writeTo(source);
        VmlinuxStripper.strip(source, target);
        Path again = directory.resolve("again");
        StripReport second = VmlinuxStripper.strip(target, again);

        assertThat(second.kind()).isEqualTo(StripReport.Kind.KEEP_LIST);
        assertThat(second.dropped()).isEmpty();
        assertThat(again).hasSameBinaryContentAs(target);
    }

    @Test
    void manySymbolsAreReadInPieces() throws Exception {
        ElfBuilder elf = ElfBuilder.object();
        int text = elf.index(".text");
        int debug = elf.index(".debug_str");
        for (int i = 0; i < 40_000; i++) {
            elf.symbol("f" + i, ElfBuilder.GLOBAL, 2, i % 3 == 0 ? debug : text, i, 1);
        }
        elf.writeTo(source);
        VmlinuxStripper.strip(source, target);

        var expected = Readelf.of(source, directory).symbols();
        expected.values().removeIf(symbol -> symbol.where().equals(".debug_str"));
        assertThat(Readelf.of(target, directory).symbols()).isEqualTo(expected).hasSize(26_672);
    }

    @Test
    void theSourceIsNotTouched() throws Exception {
        byte[] bytes = ElfBuilder.executable().build();
        Files.write(source, bytes);
        VmlinuxStripper.strip(source, target);
        assertThat(source).hasBinaryContent(bytes);
    }

    @Test
    void aMissingSourceIsReportedAsMissing() {
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target)).isInstanceOf(NoSuchFileException.class);
        assertThat(target).doesNotExist();
    }

    @Test
    void anExistingTargetIsLeftAlone() throws IOException {
        ElfBuilder.object().writeTo(source);
        Files.writeString(target, "mine");
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(target).hasContent("mine");
    }

    @Test
    void otherKindsOfFileAreRefusedByReason() throws IOException {
        byte[] elf = ElfBuilder.object().build();
        assertRefused(Reason.NOT_ELF, new byte[0]);
        assertRefused(Reason.NOT_ELF, "#!/bin/sh\nexit 0\n".getBytes(StandardCharsets.UTF_8));
        assertRefused(Reason.CLASS_32, patched(elf, 4, 1));
        assertRefused(Reason.CLASS_32, Arrays.copyOf(patched(elf, 4, 1), 52));
        assertRefused(Reason.BIG_ENDIAN, patched(elf, 5, 2));
        assertRefused(Reason.BAD_HEADER, patched(elf, 4, 3));
        assertRefused(Reason.BAD_HEADER, patched(elf, 58, 40));
        assertRefused(Reason.TRUNCATED, Arrays.copyOf(elf, 40));
        assertRefused(Reason.TRUNCATED, Arrays.copyOf(elf, elf.length - 1));
        assertRefused(Reason.EXTENDED_NUMBERING, patched(patched(elf, 60, 0), 61, 0));
        assertRefused(Reason.EXTENDED_NUMBERING, patched(patched(elf, 62, 0xff), 63, 0xff));
        byte[] withoutSections = elf.clone();
        Arrays.fill(withoutSections, 40, 48, (byte) 0);
        assertRefused(Reason.NO_SECTIONS, withoutSections);
    }

    @Test
    void aRefusalSaysWhatWhereAndWhatToDo() throws IOException {
        Files.write(source, patched(ElfBuilder.object().build(), 4, 1));
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target))
                .hasMessageStartingWith("KT-ELF-01  it is ELF32\n")
                .hasMessageContaining("path  " + source)
                .hasMessageContaining("fix   only ELF64 is handled")
                .hasMessageContaining("docs/errors.md#kt-elf-01");
    }

    @Test
    void aFullDiskIsNotTakenForADamagedFile() throws Exception {
        ElfBuilder elf = ElfBuilder.executable();
        elf.section(".rodata").content = ElfBuilder.filled(1 << 20, 1);
        elf.section(".rodata").claiming(1 << 20);
        elf.writeTo(source);
        // A limit on the size of files fails a write as a full disk does, and needs no disk of its own.
        List<String> limited = List.of("sh", "-c", "ulimit -f 256; exec \"$@\"", "sh");
        Command.Result result =
                Command.child(directory, limited, List.of("-XX:-UsePerfData", "-Xshare:auto"), source, target);
        assertThat(result.text()).as(result.errors()).contains("kind=java.io.IOException");
        assertThat(target).doesNotExist();
    }

    private void assertRefused(Reason reason, byte[] bytes) throws IOException {
        Files.write(source, bytes);
        List<MalformedElfException> fallbacks = new ArrayList<>();
        assertThatThrownBy(() -> VmlinuxStripper.strip(source, target, fallbacks::add))
                .isInstanceOfSatisfying(
                        MalformedElfException.class,
                        e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
        assertThat(fallbacks).isEmpty();
        assertThat(target).doesNotExist();
    }

    private static byte[] patched(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    private static ElfFile.Section section(ElfFile file, String name) {
        return file.sections().stream()
                .filter(section -> section.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
