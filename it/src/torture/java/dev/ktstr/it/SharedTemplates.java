package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.FormatterProgram;
import dev.ktstr.disk.ListedTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Templates of the original and what its formatters and disks leave, in one root with kernels. */
final class SharedTemplates {
    private static final String KIND = "templates: ";
    private static final String GOLDEN = "ext4-16m-0123456789abcdef";

    private final Path root;
    private final Promises promises;
    private final DiskTemplates templates;
    private final KernelCache kernels;

    SharedTemplates(Path root, Promises promises) {
        this.root = root;
        this.promises = promises;
        this.templates = DiskTemplates.at(root);
        this.kernels = KernelCache.at(root);
    }

    void run() throws Exception {
        adopt();
        Path image = makeGolden();
        Map<String, String> before = GoldenEntries.content(Objects.requireNonNull(image.getParent()));
        promises.requireSame(
                KIND + "listed, with what is wrong",
                templates.list().stream().map(SharedTemplates::line).toList(),
                List.of(GOLDEN + " usable", "btrfs-256m-noversion unusable", "raw-1024m-noversion unusable"));
        List<String> kept = makeKept();
        List<String> debris = makeDebris();
        try (OtherProgram formats = OtherProgram.holding(root, "ext4-9m-held", "--exclusive")) {
            List<String> all = names();
            kernels.clean(CleanPolicy.builder().all(true).build());
            promises.requireSame(KIND + "what is theirs outlives a clean of all kernels", names(), all);

            promises.requireSame(
                    KIND + "debris told before it is swept",
                    templates.orphans().stream()
                            .map(path -> path.getFileName().toString())
                            .toList(),
                    debris);
            String ours = templates
                    .ensure(DiskSpec.builder()
                            .filesystem(Filesystem.EXT4)
                            .size("16M")
                            .build())
                    .key();
            List<String> expected = new ArrayList<>(all);
            expected.removeAll(debris);
            expected.add(ours);
            promises.requireSame(KIND + "debris swept by the next formatting, and nothing else", names(), expected);
            promises.require(KIND + "a lock was held", formats.isAlive(), "flock(1) has ended");
        }
        promises.require(
                KIND + "the original's template is kept byte by byte",
                GoldenEntries.content(Objects.requireNonNull(image.getParent())).equals(before),
                image.toString());

        Files.createDirectory(root.resolve("6.14.2"));
        Files.createDirectory(root.resolve(".tmp-6.14.2-77"));
        templates.clean(false);
        kept.addAll(List.of("6.14.2", ".tmp-6.14.2-77", ".locks"));
        promises.requireSame(KIND + "what is the kernels' outlives a clean of all templates", names(), kept);
    }

    /** The original's newest versions name a template as we do, and make it with the same program. */
    private void adopt() throws Exception {
        DiskSpec spec =
                DiskSpec.builder().filesystem(Filesystem.EXT4).size("9M").build();
        FormatterProgram mkfs = FormatterProgram.locate(Filesystem.EXT4, Environment.system());
        String key = "ext4-9m-" + mkfs.fingerprint();
        Path image = Files.createDirectories(root.resolve(key)).resolve("template.img");
        format(image, "9M");
        Map<String, String> before = GoldenEntries.content(root);
        promises.require(
                KIND + "the original's of the same program is used",
                templates.ensure(spec).image().equals(image)
                        && GoldenEntries.content(root).equals(before),
                "found " + names());
        Files.write(image, new byte[9 << 20]);
        templates.ensure(spec);
        promises.require(
                KIND + "the original's without a superblock is replaced",
                templates.list().stream().map(SharedTemplates::line).toList().equals(List.of(key + " usable")),
                "found " + templates.list());
        try (OtherProgram test = OtherProgram.holding(root, key, "--shared")) {
            templates.clean(false);
            promises.require(
                    KIND + "held by the original, kept", test.isAlive() && Files.exists(image), "found " + names());
        }
        templates.clean(false);
        promises.require(KIND + "held no more, removed", !Files.exists(image), "found " + names());
    }

    private static void format(Path image, String size) throws IOException, InterruptedException {
        Commands.run("truncate", "-s", size, image.toString());
        Commands.run("mkfs.ext4", "-q", "-F", image.toString());
    }

    private Path makeGolden() throws Exception {
        Path image = Files.createDirectories(root.resolve(GOLDEN)).resolve("template.img");
        format(image, "16M");
        Path empty = Files.createDirectory(root.resolve("btrfs-256m-noversion"));
        Files.createFile(empty.resolve("template.img"));
        Files.createDirectory(root.resolve("raw-1024m-noversion"));
        return image;
    }

    private static String line(ListedTemplate template) {
        return template.key() + (template.problem().isEmpty() ? " usable" : " unusable");
    }

    /** Of live processes, or of nobody's kind. */
    private List<String> makeKept() throws IOException {
        List<String> files = List.of(
                ".per-test-" + ProcessHandle.current().pid() + "-1a-2b.img",
                ".per-test-x-a.img",
                ".per-test-",
                "template.img.in-flight.btrfs-256m.",
                "template.img.in-flight.k.77");
        for (String each : files) {
            Files.writeString(root.resolve(each), "a disk");
        }
        List<String> kept = new ArrayList<>(files);
        for (String each : List.of("ext4-9m-a.tmp.0", "ext4-9m-a.tmp.-5", "k.tmp.77")) {
            Files.createDirectory(root.resolve(each));
            kept.add(each);
        }
        Files.createDirectory(root.resolve("ext4-9m-held.tmp.79")); // only while somebody formats it
        Files.writeString(root.resolve("template.img.in-flight.ext4-9m-held.78"), "half a disk");
        return kept;
    }

    private List<String> makeDebris() throws IOException {
        List<String> files = List.of(
                "template.img.in-flight.ext4-9m-a.2147483646",
                "template.img.in-flight.btrfs-256m-noversion."
                        + ProcessHandle.current().pid(),
                ".per-test-2147483646-1a-2b.img",
                ".per-test-" + ProcessHandle.current().pid() + "-3c-4d.img");
        for (String each : files) {
            Files.writeString(root.resolve(each), "a disk");
        }
        Path old = root.resolve(files.get(3)); // its process lives, and needs a name only for an instant
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(660)));
        List<String> debris = new ArrayList<>(files);
        for (String each : List.of("ext4-9m-b.tmp.2147483646", "ext4-9m-b.tmp.1", "ext4-9m-b.tmp.77-0123abcd")) {
            Files.writeString(Files.createDirectory(root.resolve(each)).resolve("template.img"), "a disk");
            debris.add(each);
        }
        return debris;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            return all.map(path -> path.getFileName().toString()).toList();
        }
    }
}
