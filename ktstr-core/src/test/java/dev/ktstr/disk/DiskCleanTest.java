package dev.ktstr.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.event.EventSink;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a formatter that writes a superblock and no more. */
class DiskCleanTest {
    private static final String FINGERPRINT = "0123456789abcdef";
    private static final String OTHER = "xfs-300m-a";

    @TempDir
    Path directory;

    Path root;
    Environment environment;
    DiskSpec spec;
    final AtomicInteger formatted = new AtomicInteger();

    @BeforeEach
    void prepare() throws IOException {
        root = directory.resolve("templates");
        environment = Environment.of(Map.of(), directory);
        spec = DiskSpec.builder().size("8M").build();
    }

    private DiskTemplates templates() {
        EventSink silent = event -> {};
        return DiskTemplates.at(root, environment).withEvents(silent).withFormatter(new TemplateFormatter() {
            @Override
            public String fingerprint(Filesystem filesystem) {
                return FINGERPRINT;
            }

            @Override
            public void format(Path image, DiskSpec disk) throws IOException {
                formatted.incrementAndGet();
                try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                    file.seek(0x438);
                    file.write(new byte[] {0x53, (byte) 0xEF});
                }
            }
        });
    }

    private Flock lock(String key) {
        return Flock.on(root.resolve(".locks").resolve(key + ".lock"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(".locks"))
                    .sorted()
                    .toList();
        }
    }

    private List<String> clean() throws IOException {
        CleanReport report = templates().clean(false);
        assertThat(report.failed()).isEmpty();
        return report.removed().stream().map(CleanReport.Removed::key).toList();
    }

    @Test
    void withoutARootThereIsNothingToClean() throws Exception {
        assertThat(templates().clean(true).removed()).isEmpty();
        assertThat(clean()).isEmpty();
        assertThat(root).doesNotExist();
    }

    @Test
    void everythingGoesUsableOrNotButTheLocks() throws Exception {
        String usable = templates().ensure(spec).key();
        Files.createDirectory(root.resolve(OTHER));
        Path loop = Files.createDirectory(root.resolve("btrfs-8m-")).resolve("template.img");
        Files.createSymbolicLink(loop, loop.getFileName());
        Path directoryForImage = Files.createDirectories(root.resolve("ext4-99999999999999999999m-x/template.img"));
        Files.createFile(directoryForImage.resolve("something"));

        assertThat(templates().list())
                .hasSize(4)
                .noneMatch(each -> each.problem().orElse("").contains("\n"))
                .filteredOn(each -> each.problem().isEmpty())
                .extracting(ListedTemplate::key)
                .containsExactly(usable);
        assertThat(clean()).containsExactly("btrfs-8m-", usable, "ext4-" + "9".repeat(20) + "m-x", OTHER);
        assertThat(names()).isEmpty();
        assertThat(root.resolve(".locks").resolve(usable + ".lock")).exists();
        assertThat(clean()).isEmpty();
        assertThat(templates().ensure(spec).key()).isEqualTo(usable);
        assertThat(formatted).hasValue(2);
    }

    @Test
    void aHeldTemplateStaysAndItsHolderIsNamed() throws Exception {
        String key = templates().ensure(spec).key();
        Files.createDirectory(root.resolve(OTHER));
        try (LockGuard cloning = lock(key).acquire(FlockMode.SHARED)) {
            for (boolean dryRun : new boolean[] {true, false}) {
                CleanReport report = templates().clean(dryRun);
                assertThat(report.removed())
                        .extracting(CleanReport.Removed::key)
                        .containsExactly(OTHER);
                assertThat(report.skipped()).singleElement().satisfies(skipped -> {
                    assertThat(skipped.key()).isEqualTo(key);
                    assertThat(skipped.why())
                            .contains("pid=" + ProcessHandle.current().pid());
                });
            }
            assertThat(cloning.mode()).isEqualTo(FlockMode.SHARED);
        }
        assertThat(names()).containsExactly(key);
        assertThat(clean()).containsExactly(key);
    }

    @Test
    void aDryRunTouchesNothing() throws Exception {
        String key = templates().ensure(spec).key();
        Files.createDirectory(root.resolve(OTHER));
        Files.createDirectory(root.resolve("ext4-9m-a.tmp.77"));
        List<String> before = names();

        CleanReport report = templates().clean(true);

        assertThat(report.dryRun()).isTrue();
        assertThat(report.removed()).extracting(CleanReport.Removed::key).containsExactly(key, OTHER);
        assertThat(report.removed().get(0).bytes()).isPositive().isLessThan(1 << 20);
        assertThat(report.swept()).isZero();
        assertThat(names()).isEqualTo(before);
        assertThat(root.resolve(".locks").resolve(OTHER + ".lock")).doesNotExist();
    }

    @Test
    void debrisGoesTooAndIsNotCountedAmongTemplates() throws Exception {
        String key = templates().ensure(spec).key();
        Files.writeString(root.resolve("template.img.in-flight.ext4-9m-a.77-0123abcd"), "x");
        Files.createDirectory(root.resolve("ext4-9m-a.tmp.77"));
        Files.writeString(root.resolve(".per-test-2147483646-1-2.img"), "x");
        Path orphaned = Files.createDirectory(root.resolve(".disks-77.0123abcd"));
        Files.createFile(orphaned.resolve("lock"));
        Files.setLastModifiedTime(orphaned, FileTime.from(Instant.now().minusSeconds(90)));
        Path live = Files.createDirectory(root.resolve("ext4-9m-b.tmp.77-0123abcd"));
        try (LockGuard formatting = lock("ext4-9m-b").acquire(FlockMode.EXCLUSIVE)) {
            assertThat(templates().orphans())
                    .extracting(path -> String.valueOf(path.getFileName()))
                    .containsExactlyInAnyOrder(
                            "template.img.in-flight.ext4-9m-a.77-0123abcd",
                            "ext4-9m-a.tmp.77",
                            ".per-test-2147483646-1-2.img",
                            ".disks-77.0123abcd");
            try (LockGuard used = Flock.on(orphaned.resolve("lock")).acquire(FlockMode.EXCLUSIVE)) {
                assertThat(templates().orphans()).as("%s", used).hasSize(3).doesNotContain(orphaned);
            }
            try (LockGuard looking = Flock.on(orphaned.resolve("lock")).acquire(FlockMode.SHARED)) {
                assertThat(templates().orphans()).as("%s", looking).contains(orphaned);
            }

            CleanReport report = templates().clean(false);

            assertThat(report.removed()).extracting(CleanReport.Removed::key).containsExactly(key);
            assertThat(report.swept()).isEqualTo(4);
            assertThat(names()).containsExactly(String.valueOf(live.getFileName()));
            assertThat(formatting.mode()).isEqualTo(FlockMode.EXCLUSIVE);
        }
    }

    @Test
    void whatIsNoTemplateSurvivesAndTemplatesSurviveTheKernels() throws Exception {
        String key = templates().ensure(spec).key();
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createSymbolicLink(root.resolve("ext4-8m-link"), elsewhere);
        Files.writeString(root.resolve("ext4-8m-file"), "somebody's own");
        for (String name : List.of("6.12.1", ".tmp-6.12.1-77", ".tmp-k-77.0123abcd", ".initramfs", "source-01234567")) {
            Files.createDirectory(root.resolve(name));
        }

        KernelCache kernels = KernelCache.at(root, environment);
        assertThat(kernels.clean(CleanPolicy.builder().key("source-01234567").build())
                        .swept())
                .isEqualTo(2);
        assertThat(names()).contains(key, "6.12.1").doesNotContain(".tmp-6.12.1-77");
        Files.createDirectory(root.resolve(".tmp-6.12.1-77"));

        assertThat(clean()).containsExactly(key);
        assertThat(names()).containsExactly(".initramfs", ".tmp-6.12.1-77", "6.12.1", "ext4-8m-file", "ext4-8m-link");
        assertThat(elsewhere).exists();
    }

    @Test
    void whoMakesDisksMeanwhileGetsWholeOnes() throws Exception {
        Thread cleaner = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    templates().clean(false);
                } catch (IOException failed) {
                    throw new AssertionError(failed);
                }
            }
        });
        cleaner.start();
        try {
            for (int i = 0; i < 50; i++) {
                try (TestDisk disk = templates().newDisk(spec)) {
                    byte[] content = Files.readAllBytes(disk.path());
                    assertThat(content).hasSize(8 << 20);
                    assertThat(content[0x438]).isEqualTo((byte) 0x53);
                }
            }
        } finally {
            cleaner.interrupt();
            cleaner.join();
        }
        assertThat(formatted.get()).isGreaterThan(1);
        clean();
        assertThat(names()).isEmpty();
    }

    @Test
    void onlyLocksOfTemplatesAreListedAmongTheirs() throws Exception {
        assertThat(templates().locks(LockSurvey.now(environment))).isEmpty();
        String key = templates().ensure(spec).key();
        for (String other : List.of("6.12.1", "source-0badcafe")) {
            Files.writeString(root.resolve(".locks").resolve(other + ".lock"), "", StandardCharsets.UTF_8);
        }
        try (LockGuard held = lock(key).acquire(FlockMode.SHARED)) {
            assertThat(templates().locks(LockSurvey.now(environment)))
                    .singleElement()
                    .satisfies(listed -> {
                        assertThat(listed.name()).isEqualTo(key);
                        assertThat(listed.holders()).hasSize(1);
                    });
            assertThat(held.mode()).isEqualTo(FlockMode.SHARED);
        }
    }
}
