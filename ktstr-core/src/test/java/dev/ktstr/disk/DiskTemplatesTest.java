package dev.ktstr.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.TestKernels;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With formatters that write a superblock and no more; the integration tests have the real ones. */
class DiskTemplatesTest {
    /** Writes the magic of ext4 where it belongs, and counts its runs. */
    private static final String MKFS = """
            #!/bin/sh
            echo run >> "$(dirname "$0")/runs"
            for image; do :; done
            printf '\\123\\357' | dd of="$image" bs=1 seek=1080 conv=notrunc 2>/dev/null
            """;

    @TempDir
    Path directory;

    Path bin;
    Path root;
    final List<KtstrEvent> events = Collections.synchronizedList(new ArrayList<>());
    final Map<String, String> variables = new HashMap<>();

    @BeforeEach
    void prepare() throws IOException {
        bin = Files.createDirectory(directory.resolve("bin"));
        root = directory.resolve("templates");
        variables.put("PATH", bin + ":/usr/bin:/bin");
        mkfs("ext4", MKFS);
    }

    private void mkfs(String filesystem, String script) throws IOException {
        Path program = Files.writeString(bin.resolve("mkfs." + filesystem), script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Environment environment() {
        return Environment.of(variables, directory);
    }

    private DiskTemplates templates() {
        return DiskTemplates.at(root, environment()).withEvents(events::add);
    }

    private static DiskSpec spec() throws DiskException {
        return DiskSpec.builder().size("8M").build();
    }

    private List<String> names() throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(root)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(".locks"))
                    .sorted()
                    .toList();
        }
    }

    private long runs() throws IOException {
        Path log = bin.resolve("runs");
        return Files.exists(log) ? Files.readAllLines(log).size() : 0;
    }

    private KtstrException failure(DiskSpec spec) {
        return assertThatExceptionOfType(KtstrException.class)
                .isThrownBy(() -> templates().ensure(spec))
                .actual();
    }

    @Test
    void openingAStoreTouchesNothing() throws Exception {
        assertThat(templates().root()).isEqualTo(root).isAbsolute();
        assertThat(templates().list()).isEmpty();
        assertThat(root).doesNotExist();
    }

    @Test
    void aTemplateIsFormattedOnceAndFoundAgain() throws Exception {
        Template template = templates().ensure(spec());

        assertThat(template.image()).isEqualTo(root.resolve(template.key()).resolve("template.img"));
        assertThat(template.key()).matches("ext4-8m-[0-9a-f]{16}");
        assertThat(Files.size(template.image())).isEqualTo(8 << 20);
        assertThat(templates().ensure(spec())).isEqualTo(template);
        assertThat(runs()).isOne();
        assertThat(names()).containsExactly(template.key());
        assertThat(templates().list()).singleElement().satisfies(listed -> {
            assertThat(listed.key()).isEqualTo(template.key());
            assertThat(listed.size()).isEqualTo(8 << 20);
            assertThat(listed.problem()).isEmpty();
            assertThat(listed.allocated()).isPositive().isLessThan(1 << 20);
        });
    }

    @Test
    void anotherFormatterMakesAnotherTemplate() throws Exception {
        String first = templates().ensure(spec()).key();
        mkfs("ext4", MKFS + "# rebuilt, with the same version\n");

        assertThat(templates().ensure(spec()).key()).isNotEqualTo(first);
        assertThat(runs()).isEqualTo(2);
    }

    /** What was found is remembered, together with where it was looked for. */
    @Test
    void theFormatterIsThatOfTheEnvironmentsPathAndIsLookedForAgainWhenItIsGone() throws Exception {
        Environment here = environment();
        FormatterProgram first = FormatterProgram.locate(Filesystem.EXT4, here, List.of());
        bin = Files.createDirectory(directory.resolve("other"));
        mkfs("ext4", MKFS + "# of the other PATH\n");
        Environment there = here.withVariable("PATH", bin.toString());

        assertThat(FormatterProgram.locate(Filesystem.EXT4, there, List.of()).path())
                .isEqualTo(bin.resolve("mkfs.ext4"));
        assertThat(FormatterProgram.locate(Filesystem.EXT4, here, List.of())).isEqualTo(first);
        Files.delete(bin.resolve("mkfs.ext4"));
        assertThatThrownBy(() -> FormatterProgram.locate(Filesystem.EXT4, there, List.of()))
                .isInstanceOf(DiskException.class);
    }

    @Test
    void labelAndOptionsReachTheFormatter() throws Exception {
        mkfs("ext4", MKFS + "echo \"$@\" > \"$(dirname \"$0\")/arguments\"\n");
        templates()
                .ensure(DiskSpec.builder()
                        .size("8M")
                        .label("two words")
                        .options("-O", "^has_journal")
                        .build());

        assertThat(bin.resolve("arguments")).content().startsWith("-q -F -L two words -O ^has_journal ");
    }

    @Test
    void aBrokenTemplateIsReplaced() throws Exception {
        Template template = templates().ensure(spec());
        try (RandomAccessFile image = new RandomAccessFile(template.image().toFile(), "rw")) {
            image.setLength(0);
            image.setLength(8 << 20);
        }

        assertThat(templates().list())
                .singleElement()
                .satisfies(listed -> assertThat(listed.problem()).contains("it has no superblock of ext4"));
        assertThat(templates().ensure(spec())).isEqualTo(template);
        assertThat(runs()).isEqualTo(2);
        assertThat(templates().list().get(0).problem()).isEmpty();
        Files.delete(template.image());
        templates().newDisk(spec()).close();
        assertThat(runs()).isEqualTo(3);
        assertThat(names()).containsExactly(template.key());
    }

    @Test
    void aRawDiskHasNoTemplateAndIsAllZeros() throws Exception {
        DiskSpec raw = DiskSpec.builder().filesystem(Filesystem.RAW).size("8M").build();

        assertThat(failure(raw)).hasMessageContaining("Filesystem.RAW");
        variables.remove("PATH");
        try (TestDisk disk = templates().newDisk(raw)) {
            assertThat(disk.cloneKind()).isEqualTo(CloneKind.EMPTY);
            FileStat stat = FileStat.of(disk.path()).orElseThrow();
            assertThat(stat.size()).isEqualTo(8 << 20);
            assertThat(stat.allocated()).isZero();
        }
    }

    @Test
    void aDiskIsACopyThatNobodyElseSees() throws Exception {
        Template template = templates().ensure(spec());
        byte[] before = Files.readAllBytes(template.image());
        Path path;
        try (TestDisk disk = templates().newDisk(spec());
                TestDisk other = templates().newDisk(spec())) {
            path = disk.path();
            assertThat(path).isNotEqualTo(other.path());
            assertThat(Files.readAllBytes(path)).isEqualTo(before);
            try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                file.seek(4 << 20);
                file.write(new byte[] {1, 2, 3});
            }
            assertThat(Files.readAllBytes(path)).isNotEqualTo(before);
            assertThat(Files.readAllBytes(other.path())).isEqualTo(before);
            assertThat(names()).containsExactly(template.key());
        }
        assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(Files.readAllBytes(template.image())).isEqualTo(before);
    }

    @Test
    void aCopyHasTheHolesOfItsTemplate() throws Exception {
        DiskSpec spec = DiskSpec.builder().size("1G").build();
        Template template = templates().ensure(spec);
        long used = FileStat.of(template.image()).orElseThrow().allocated();
        try (TestDisk disk = templates().newDisk(spec)) {
            FileStat stat = FileStat.of(disk.path()).orElseThrow();
            assertThat(stat.size()).isEqualTo(1L << 30);
            assertThat(stat.allocated()).isBetween(used * 9 / 10, used * 11 / 10);
        }
    }

    @Test
    void aDiskCanBeKeptUnderAName() throws Exception {
        Path kept = directory.resolve("kept.img");
        try (TestDisk disk = templates().newDisk(spec())) {
            disk.keepAs(kept);
            assertThatExceptionOfType(KtstrException.class)
                    .isThrownBy(() -> disk.keepAs(kept))
                    .withMessageContaining("EEXIST");
            disk.close();
        }
        assertThat(Files.size(kept)).isEqualTo(8 << 20);
        assertThat(Files.readAllBytes(kept)[1080]).isEqualTo((byte) 0123);
    }

    @Test
    void closingTwiceIsHarmless() throws Exception {
        TestDisk disk = templates().newDisk(spec());
        disk.close();
        disk.close();
        assertThatIllegalStateException().isThrownBy(disk::path).withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> disk.keepAs(directory.resolve("kept.img")));
    }

    @Test
    void aDirectoryOfOnesOwnForDisks() throws Exception {
        Path disks = directory.resolve("elsewhere/disks");
        variables.put("KTSTR_DISK_DIR", disks.toString());
        try (TestDisk disk = templates().newDisk(spec())) {
            assertThat(disks).isEmptyDirectory();
            disk.keepAs(disks.resolve("kept.img"));
        }
        assertThat(disks.resolve("kept.img")).exists();
    }

    @Test
    void withoutTheFormatterTheMessageSaysHowToGetIt() throws Exception {
        DiskSpec btrfs = DiskSpec.builder().filesystem(Filesystem.BTRFS).build();
        variables.put("PATH", bin.toString());
        DiskTemplates none = DiskTemplates.at(root, environment()).withFormatter(new TemplateFormatter() {
            @Override
            public String fingerprint(Filesystem filesystem) throws IOException {
                return FormatterProgram.locate(filesystem, environment(), List.of())
                        .fingerprint();
            }

            @Override
            public void format(Path image, DiskSpec spec) {
                throw new AssertionError("there is none");
            }
        });

        assertThatExceptionOfType(DiskException.class)
                .isThrownBy(() -> none.newDisk(btrfs))
                .withMessageContaining("mkfs.btrfs")
                .withMessageContaining("apt-get install btrfs-progs")
                .withMessageContaining("dnf install btrfs-progs")
                .withMessageContaining(bin.toString())
                .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.FORMATTER_MISSING));
        assertThat(root).doesNotExist();
        Path image = Files.createDirectories(root.resolve("btrfs-512m-0badcafe0badcafe"))
                .resolve("template.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(512 << 20);
            file.seek(0x10040);
            file.write("_BHRfS_M".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
        none.newDisk(btrfs).close(); // a template that is there serves without it
    }

    @Test
    void aFormatterThatWritesNothingIsFoundOut() throws Exception {
        mkfs("ext4", "#!/bin/sh\nexit 0\n");

        assertThat(failure(spec()))
                .hasMessageContaining("no superblock of ext4")
                .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.FORMATTER_FAILED));
        assertThat(names()).isEmpty();
    }

    @Test
    void aFormatterThatFailsIsQuoted() throws Exception {
        mkfs("ext4", "#!/bin/sh\necho 'not on a Sunday' >&2\nexit 3\n");

        assertThat(failure(spec())).hasMessageContaining("status 3").hasMessageContaining("not on a Sunday");
        assertThat(names()).isEmpty();
    }

    @Test
    void aFormatterThatCannotBeRunHasACodeAndARemedy() throws Exception {
        mkfs("ext4", "#!/no/such/interpreter\n");

        assertThat(failure(spec()))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("formatting a disk: Cannot run program \"" + bin.resolve("mkfs.ext4"))
                .hasMessageContaining("ulimit -u")
                .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.FORMATTER_FAILED));
        assertThat(names()).isEmpty();
    }

    @Test
    void whatComesInTheWayOfTidyingUpDoesNotHideTheFailure() throws Exception {
        mkfs(
                "ext4",
                "#!/bin/sh\nfor image; do :; done\nimage=$(readlink \"$image\")\nrm \"$image\"; mkdir -p \"$image/in-the-way\"; echo no luck >&2; exit 1\n");
        KtstrException failure = failure(spec());
        assertThat(failure.code()).isEqualTo(ErrorCode.FORMATTER_FAILED);
        assertThat(failure).hasMessageContaining("no luck");
        assertThat(failure.getSuppressed()).hasSize(1);
    }

    /** Whoever may write to the store could put one there. */
    @Test
    void aLinkThatTakesThePlaceOfAnImageWhileItIsFormattedLeadsNowhere() throws Exception {
        String content = "precious".repeat(1000);
        Path precious = Files.writeString(directory.resolve("precious"), content);
        mkfs(
                "ext4",
                MKFS.replace(
                        "echo run", "ln -sf '%s' '%s'/template.img.in-flight.*\necho run".formatted(precious, root)));
        Template template = templates().ensure(spec());

        assertThat(precious).content().isEqualTo(content);
        assertThat(template.image()).isSymbolicLink();
        assertThat(templates().list())
                .singleElement()
                .satisfies(listed -> assertThat(listed.problem()).contains("it is no regular file"));
    }

    @Test
    void aLinkThatTakesThePlaceOfStagingWhileATemplateIsFormattedLeadsNowhere() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path precious = Files.writeString(elsewhere.resolve("template.img"), "precious");
        mkfs("ext4", MKFS.replace("echo run", """
                for staging in '%s'/*.tmp.*; do
                  mv "$staging" '%s/away'
                  ln -s '%s' "$staging"
                done
                echo run""".formatted(root, root, elsewhere)));

        assertThat(failure(spec()).code()).isEqualTo(ErrorCode.OS_CALL);
        assertThat(precious).content().isEqualTo("precious");
        assertThat(names()).containsExactly("away");
    }

    @Test
    void whatTheFileSystemRefusesHasACodeAndARemedy() throws Exception {
        root = Files.createSymbolicLink(directory.resolve("dangling"), Path.of("nowhere"));
        KtstrException failure = failure(spec());
        assertThat(failure.code()).isEqualTo(ErrorCode.OS_CALL);
        assertThat(failure).hasMessageContaining("making a template (ext4, 8").hasMessageContaining("KTSTR_CACHE_DIR");
        Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
        root = directory.resolve("loop");
        assertThatThrownBy(() -> templates().list())
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("reading the disk templates: open " + root)
                .hasMessageContaining("KTSTR_CACHE_DIR");
    }

    @Test
    void aFormatterThatHangsIsKilledWithItsChildren() throws Exception {
        mkfs("ext4", "#!/bin/sh\necho $$ > \"$(dirname \"$0\")/pid\"\nsleep 4711\n");
        DiskTemplates impatient = templates().withFormatter(new HostFormatter(environment(), Duration.ofMillis(700)));

        assertThatExceptionOfType(DiskException.class)
                .isThrownBy(() -> impatient.ensure(spec()))
                .withMessageContaining("had not ended after 700ms");
        long pid = Long.parseLong(Files.readString(bin.resolve("pid")).strip());
        assertThat(ProcessHandle.of(pid)).isEmpty();
        assertThat(ProcessHandle.allProcesses()
                        .filter(process ->
                                process.info().commandLine().orElse("").contains("sleep 4711")))
                .isEmpty();
        assertThat(names()).isEmpty();
    }

    @Test
    void debrisIsRemovedAndLiveWorkIsNot() throws Exception {
        Files.createDirectories(root.resolve(".locks"));
        Path inFlight = Files.writeString(root.resolve("template.img.in-flight.ext4-9m-a.77-0123abcd"), "x");
        Path staging = Files.createDirectory(root.resolve("ext4-9m-a.tmp.77"));
        Path live = Files.createDirectory(root.resolve("ext4-9m-b.tmp.77-0123abcd"));
        Path deadClone = Files.writeString(root.resolve(".per-test-2147483646-1-2.img"), "x");
        Path youngClone = Files.writeString(
                root.resolve(".per-test-" + ProcessHandle.current().pid() + "-1-2.img"), "x");
        Path oldClone = Files.writeString(
                root.resolve(".per-test-" + ProcessHandle.current().pid() + "-3-4.img"), "x");
        Files.setLastModifiedTime(oldClone, FileTime.from(Instant.now().minusSeconds(660)));
        Path odd = Files.writeString(root.resolve(".per-test-x-a.img"), "x");
        Path orphaned = Files.createDirectory(root.resolve(".disks-77.0123abcd"));
        Files.createFile(orphaned.resolve("lock"));
        Files.setLastModifiedTime(orphaned, FileTime.from(Instant.now().minusSeconds(90)));
        Path held = Files.createDirectory(root.resolve(".disks-78.0123abcd"));
        Path born = Files.createDirectory(root.resolve(".disks-79.0123abcd"));
        Path kernelStaging = Files.createDirectory(root.resolve(".tmp-6.12-77"));
        try (LockGuard formatting =
                        Flock.on(root.resolve(".locks/ext4-9m-b.lock")).acquire(FlockMode.EXCLUSIVE);
                LockGuard inUse = Flock.on(held.resolve("lock")).acquire(FlockMode.EXCLUSIVE)) {
            templates().ensure(spec());

            assertThat(List.of(inFlight, staging, deadClone, oldClone, orphaned))
                    .noneMatch(Files::exists);
            assertThat(List.of(live, youngClone, odd, held, born, kernelStaging))
                    .allMatch(Files::exists);
            assertThat(formatting.mode()).isEqualTo(inUse.mode());
        }
    }

    @Test
    void debrisFromTheFutureIsRemovedToo() throws Exception {
        Path orphaned = Files.createDirectories(root.resolve(".disks-77.0123abcd"));
        Path clone = Files.writeString(
                root.resolve(".per-test-" + ProcessHandle.current().pid() + "-1-2.img"), "x");
        Path born = Files.createDirectory(root.resolve(".disks-79.0123abcd"));
        Instant afterTheClockWasSetBack = Instant.now().minus(Duration.ofDays(1));
        Clock clock = Clock.fixed(afterTheClockWasSetBack, ZoneOffset.UTC);
        Files.setLastModifiedTime(born, FileTime.from(afterTheClockWasSetBack.plusSeconds(30)));
        DiskTemplates.at(root, environment().withClocks(clock, System::nanoTime))
                .withEvents(events::add)
                .ensure(spec());

        assertThat(List.of(orphaned, clone)).noneMatch(Files::exists);
        assertThat(born).exists();
    }

    @Test
    void kernelsAndTemplatesInOneRootDoNotSeeEachOther() throws Exception {
        Template template = templates().ensure(spec());
        KernelCache kernels = KernelCache.at(root, environment());

        assertThat(kernels.list()).isEmpty();
        Path kernel = Files.createDirectory(root.resolve("6.12.1"));
        assertThat(templates().list()).extracting(ListedTemplate::key).containsExactly(template.key());
        assertThat(kernel).exists();
    }

    /** The order of locks is: kernel entry, then disk template. */
    @Test
    void whoeverHoldsAKernelCanMakeTemplatesAndDisks() throws Exception {
        KernelCache kernels = KernelCache.at(root, environment());
        Path image = TestKernels.bzImage(directory.resolve("vmlinuz"), TestKernels.BANNER);
        kernels.store(StoreRequest.builder().key("k").image(image).build());
        try (KernelLease kernel = kernels.lease("k");
                TestDisk disk = templates().newDisk(spec());
                TestDisk other = templates().newDisk(spec().withVariant(2))) {
            kernel.check();
            assertThat(disk.path()).isNotEqualTo(other.path());
            assertThat(templates().list()).hasSize(2);
        }
    }

    @Test
    void whoWaitsForATemplateIsToldForWhichTestItIsMade() throws IOException {
        List<String> tests = new ArrayList<>();
        DiskTemplates templates = DiskTemplates.at(root);
        TemplateFormatter formatter = new TemplateFormatter() {
            @Override
            public String fingerprint(Filesystem filesystem) {
                return "0123456789abcdef";
            }

            @Override
            public void format(Path image, DiskSpec spec) throws IOException {
                templates
                        .locks(LockSurvey.now(Environment.system()))
                        .forEach(lock -> lock.holders().forEach(holder -> tests.add(String.valueOf(holder.test()))));
                throw new IOException("enough");
            }
        };

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> templates
                        .withFormatter(formatter)
                        .forTest("com.acme.JournalIT#replays")
                        .ensure(DiskSpec.builder().size("16M").build()));
        assertThat(tests).containsExactly("com.acme.JournalIT#replays");
    }
}
