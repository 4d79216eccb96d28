package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.disk.CloneKind;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** One process's random use of disks and their template, which checks that every disk is its own. */
final class DiskMix {
    private static final String MARK = "mark of a crowd ";
    private static final long PLACE = 12 << 20;

    private final DiskTemplates templates;
    private final DiskSpec spec;
    private final Random random;
    private final Tally tally;

    DiskMix(DiskTemplates templates, Random random, Tally tally) throws IOException {
        this.templates = templates.withEvents(event -> MixMain.count(event, tally));
        this.spec = DiskSpec.builder().filesystem(Filesystem.EXT4).size("16M").build();
        this.random = random;
        this.tally = tally;
    }

    /** One thing, at random. */
    void step() throws Exception {
        if (random.nextInt(10) == 0) {
            CleanReport report = templates.clean(false);
            assertThat(report.failed()).isEmpty();
            tally.add("template-cleans");
            tally.add("templates-removed", report.removed().size());
        } else {
            use();
        }
    }

    private void use() throws Exception {
        try (TestDisk disk = templates.newDisk(spec);
                RandomAccessFile file = new RandomAccessFile(disk.path().toFile(), "rw")) {
            assertThat(read(file, Filesystem.EXT4.magicOffset(), 2)).isEqualTo("S\u00ef");
            assertThat(read(file, PLACE, MARK.length()))
                    .as("what another disk was written")
                    .isNotEqualTo(MARK);
            String mark = MARK + CrowdRounds.generation(random);
            file.seek(PLACE);
            file.write(mark.getBytes(StandardCharsets.ISO_8859_1));
            Thread.sleep(random.nextInt(10));
            assertThat(read(file, PLACE, mark.length())).isEqualTo(mark);
            tally.add(disk.cloneKind() == CloneKind.REFLINK ? "clones" : "copies");
        }
    }

    private static String read(RandomAccessFile file, long at, int length) throws IOException {
        byte[] content = new byte[length];
        file.seek(at);
        file.readFully(content);
        return new String(content, StandardCharsets.ISO_8859_1);
    }
}
