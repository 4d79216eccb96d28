package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.FormatterProgram;
import dev.ktstr.disk.PrivateDirectory;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.EventSink;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** What is done with templates and disks in a {@link PlantedPlace}. */
final class PlantedDisks {
    private final DiskTemplates templates;
    private final DiskSpec spec;
    private final String key;

    PlantedDisks(Path root, EventSink events) throws IOException {
        this.templates = DiskTemplates.at(root).withEvents(events);
        this.spec = DiskSpec.builder().filesystem(Filesystem.EXT4).size("8M").build();
        this.key = "ext4-8m-"
                + FormatterProgram.locate(Filesystem.EXT4, Environment.system()).fingerprint();
    }

    /** Where the template belongs. */
    Path template() {
        return templates.root().resolve(key);
    }

    Path image() {
        return template().resolve("template.img");
    }

    /** What the names of its staging begin with. */
    String staging() {
        return key + ".tmp.";
    }

    /** What the names of images that are being formatted begin with. */
    String inFlight() {
        return "template.img.in-flight." + key + ".";
    }

    void ensure() throws IOException {
        templates.ensure(spec);
    }

    /** Makes a disk, which then must be one. */
    void newDisk() throws IOException {
        try (TestDisk disk = templates.newDisk(spec);
                RandomAccessFile file = new RandomAccessFile(disk.path().toFile(), "r")) {
            byte[] magic = new byte[spec.filesystem().magic().length() / 2];
            file.seek(spec.filesystem().magicOffset());
            file.readFully(magic);
            if (file.length() != spec.size()
                    || !HexFormat.of().formatHex(magic).equals(spec.filesystem().magic())) {
                throw new IllegalStateException("it is no disk: " + disk);
            }
        }
    }

    void use() throws Exception {
        PlantedPlace.attempt(this::newDisk);
        PlantedPlace.attempt(templates::list);
        PlantedPlace.attempt(templates::orphans);
        PlantedPlace.attempt(() -> templates.locks(LockSurvey.now(Environment.system())));
    }

    void clean() throws IOException {
        PlantedPlace.requireCodes(templates.clean(false));
    }

    /** Formats it anew. */
    void replace() throws Exception {
        PlantedPlace.attempt(this::clean);
        ensure();
    }

    /** As a disk that has to have a name. */
    void makePrivateDirectory() throws IOException {
        PrivateDirectory.create(templates.root(), Environment.system()).close();
    }

    /** Does what can be done with them; what is refused is refused. */
    List<PlantedPlace.Step> everything() {
        return List.of(this::use, this::ensure, this::use, this::clean, this::clean);
    }
}
