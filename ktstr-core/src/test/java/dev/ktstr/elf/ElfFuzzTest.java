package dev.ktstr.elf;

import dev.ktstr.FuzzTarget;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The ELF reader, and the strip. What is accepted yields a file that the reader accepts, with right symbols, and that
 * stripped again is the same.
 */
public final class ElfFuzzTest extends FuzzTarget {
    private static final Path SCRATCH = scratch();
    private static final Path SOURCE = scratchFile(SCRATCH, "source");
    private static final Path STRIPPED = scratchFile(SCRATCH, "stripped");
    private static final Path AGAIN = scratchFile(SCRATCH, "again");

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            Files.write(SOURCE, input);
            read(SOURCE);
            load(SOURCE);
            strip(input.length);
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }

    private static void read(Path file) throws IOException {
        try (ElfFile elf = ElfFile.open(file)) {
            check(elf.problems().size() <= 50, "at most 50 problems");
            check(elf.sections().size() < 0xff00, "as many sections as there can be");
            elf.arch();
            elf.buildId();
            elf.banner();
            elf.moduleInfo();
            elf.keptSha256();
        } catch (MalformedElfException refused) {
            check(!refused.problem().isEmpty(), "the refusal says why");
        }
    }

    private static void load(Path file) throws IOException {
        try (ElfFile elf = ElfFile.openLoadable(file)) {
            elf.dynamic();
            elf.buildId();
        } catch (MalformedElfException refused) {
            check(!refused.problem().isEmpty(), "the refusal says why");
        }
    }

    private static void strip(int length) throws IOException {
        StripReport report;
        try {
            report = VmlinuxStripper.strip(SOURCE, STRIPPED);
        } catch (MalformedElfException refused) {
            check(!Files.exists(STRIPPED), "nothing is left of what failed");
            return;
        }
        try {
            // Contents and both tables, each of which can be the whole file.
            check(report.bytesOut() <= 3L * length + Elf64.HEADER_SIZE, "nothing is copied twice");
            checkSymbols(report);
            stripAgain(report);
        } finally {
            Files.delete(STRIPPED);
        }
        if (report.kind() == StripReport.Kind.KEEP_LIST) {
            stripByPrefix();
        }
    }

    /** The second way, which is not tried where the first one works. */
    private static void stripByPrefix() throws IOException {
        try (RawElf elf = RawElf.open(SOURCE);
                FileChannel target =
                        FileChannel.open(STRIPPED, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            try {
                DebugPrefixStrip.strip(elf, new SparseFile(target));
            } catch (MalformedElfException refused) {
                check(!refused.problem().isEmpty(), "the refusal says why");
                return;
            }
            try (ElfFile stripped = ElfFile.open(STRIPPED)) {
                check(stripped.sections().size() + 1 == elf.sectionCount(), "no section changes its number");
            }
        } finally {
            Files.delete(STRIPPED);
        }
    }

    private static void checkSymbols(StripReport report) throws IOException {
        try (ElfFile elf = ElfFile.open(STRIPPED)) {
            if (report.kind() == StripReport.Kind.KEEP_LIST) {
                check(
                        elf.problems().stream().noneMatch(problem -> problem.startsWith("symbol ")),
                        "the symbols of what was stripped are right: " + elf.problems());
            }
        }
    }

    private static void stripAgain(StripReport report) throws IOException {
        StripReport again = VmlinuxStripper.strip(STRIPPED, AGAIN);
        try {
            // What the second way has removed may have been all that kept the first from working.
            if (report.kind() == StripReport.Kind.KEEP_LIST || again.kind() == report.kind()) {
                check(again.kind() == report.kind(), "what was stripped can be stripped again, the same way");
                long changed = Files.mismatch(STRIPPED, AGAIN);
                check(changed == -1, "another strip changes nothing; it changed byte " + changed);
            }
        } finally {
            Files.delete(AGAIN);
        }
    }
}
