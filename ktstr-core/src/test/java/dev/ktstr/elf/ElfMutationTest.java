package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files either work or are refused with our exception, whatever the damage is. */
class ElfMutationTest {
    private static final int MUTATIONS = Integer.getInteger("ktstr.test.mutations", 8_000);

    @TempDir
    private Path directory;

    @Test
    void everyDamagedFileIsReadOrRefused() throws IOException {
        long seed = Long.getLong("ktstr.test.seed", new SplittableRandom().nextLong());
        System.out.println("ElfMutationTest: repeat with -Dktstr.test.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> originals = List.of(
                ElfBuilder.object().build(),
                ElfBuilder.objectWithJunkRelocations().build(),
                small(ElfBuilder.executable()));
        int stripped = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] mutant = mutated(originals.get(i % originals.size()).clone(), random);
            try {
                stripped += survives(mutant) ? 1 : 0;
            } catch (RuntimeException | Error e) {
                fail("mutation " + i + " of seed " + seed, e);
            }
        }
        // Both ends must be reached, or the damage is too small or too great to test anything.
        assertThat(stripped).isBetween(MUTATIONS / 20, MUTATIONS * 19 / 20);
    }

    private static byte[] small(ElfBuilder elf) {
        for (String name : List.of(".text", ".rodata", ".data", ".debug_info")) {
            ElfBuilder.Section section = elf.section(name);
            section.content = Arrays.copyOf(section.content, 256);
            section.claiming(256).aligned(16);
        }
        return elf.build();
    }

    private static byte[] mutated(byte[] bytes, SplittableRandom random) {
        int headers = readInt(bytes, 40);
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            int at = switch (random.nextInt(4)) {
                case 0 -> random.nextInt(64);
                case 1 -> random.nextInt(bytes.length);
                default -> headers + random.nextInt(bytes.length - headers);
            };
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 8), (byte) -random.nextInt(2));
                default -> System.arraycopy(bytes, at & ~7, bytes, random.nextInt(bytes.length - 8), at & 7);
            }
        }
        return random.nextInt(20) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    private static int readInt(byte[] bytes, int at) {
        return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16;
    }

    private boolean survives(byte[] mutant) throws IOException {
        Path source = Files.write(directory.resolve("mutant"), mutant);
        Path target = directory.resolve("stripped");
        try (ElfFile elf = ElfFile.open(source)) {
            assertThat(elf.problems()).hasSizeLessThanOrEqualTo(50);
            elf.buildId();
            elf.sections();
            elf.banner();
            elf.keptSha256();
        } catch (MalformedElfException e) {
            assertThat(e.problem()).isNotEmpty();
        }
        try {
            StripReport report = VmlinuxStripper.strip(source, target);
            // The contents at most once, and the headers.
            assertThat(report.bytesOut()).isLessThanOrEqualTo(2L * mutant.length);
            if (report.kind() == StripReport.Kind.KEEP_LIST) {
                readBack(target);
            }
            Files.delete(target);
            return true;
        } catch (MalformedElfException e) {
            assertThat(target).doesNotExist();
            return false;
        }
    }

    /** Whatever the input was, the symbols of the result are right. */
    private static void readBack(Path target) throws IOException {
        try (ElfFile elf = ElfFile.open(target)) {
            assertThat(elf.problems()).noneMatch(problem -> problem.startsWith("symbol "));
        }
    }
}
