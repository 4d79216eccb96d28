package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.disk.CloneKind;
import dev.ktstr.disk.CloneMode;
import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.ListedTemplate;
import dev.ktstr.disk.Template;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.os.FileStat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Templates and disks with real formatters on real file systems. */
@Tag("root")
class DisksIT {
    private static final List<Filesystem> FORMATTED = List.of(Filesystem.BTRFS, Filesystem.XFS, Filesystem.EXT4);

    @TempDir
    Path directory;

    final List<KtstrEvent> events = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void prepare() throws Exception {
        Commands.requireRoot();
        for (Filesystem filesystem : FORMATTED) {
            Commands.requireProgram("mkfs." + filesystem.text());
        }
    }

    private static DiskSpec.Builder spec(Filesystem filesystem) throws Exception {
        return DiskSpec.builder().filesystem(filesystem).size("300M");
    }

    private DiskTemplates templates(Path root) {
        return DiskTemplates.at(root).withEvents(events::add);
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    /** Mounts a disk, writes a file, and unmounts it. */
    private void write(TestDisk disk, String text) throws Exception {
        Path mount = Files.createTempDirectory(directory, "disk");
        mount(disk, mount);
        Files.writeString(mount.resolve("file"), text);
        Commands.run("umount", mount.toString());
    }

    private static void mount(TestDisk disk, Path mount) throws Exception {
        String options = disk.spec().filesystem() == Filesystem.XFS ? "loop,nouuid" : "loop";
        Commands.run("mount", "-o", options, disk.path().toString(), mount.toString());
    }

    private static void check(Filesystem filesystem, Path image) throws Exception {
        switch (filesystem) {
            case BTRFS -> Commands.run("btrfs", "check", "--force", image.toString());
            case XFS -> Commands.run("xfs_repair", "-n", "-f", image.toString());
            default -> Commands.run("e2fsck", "-fn", image.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDiskIsACopyOfItsTemplateOnEveryFileSystem(HostMount.Kind kind) throws Exception {
        try (HostMount host = HostMount.of(kind, directory)) {
            DiskTemplates templates = templates(host.path());
            for (Filesystem filesystem : FORMATTED) {
                DiskSpec spec = spec(filesystem).label("scratch").build();
                Template template = templates.ensure(spec);
                String before = sha256(template.image());
                try (TestDisk disk = templates.newDisk(spec);
                        TestDisk other = templates.newDisk(spec)) {
                    assertThat(disk.cloneKind()).isEqualTo(kind.canShare ? CloneKind.REFLINK : CloneKind.COPY);
                    if (kind.canShare) {
                        assertThat(Commands.run("filefrag", "-v", disk.path().toString()))
                                .contains("shared");
                    } else {
                        assertIsSparse(disk, template);
                    }
                    write(disk, "written");
                    check(filesystem, disk.path());
                    check(filesystem, other.path());
                    assertThat(sha256(other.path())).isEqualTo(before);
                    assertThat(sha256(disk.path())).isNotEqualTo(before);
                }
                assertThat(sha256(template.image())).isEqualTo(before);
                assertThat(extents(template.image())).isLessThan(40);
                if (filesystem == Filesystem.EXT4) { // mkfs reserves a journal of megabytes, and that is given back
                    assertThat(FileStat.of(template.image()).orElseThrow().allocated())
                            .isLessThan(1 << 20);
                }
            }
            assertThat(templates.list())
                    .hasSize(3)
                    .allMatch(listed -> listed.problem().isEmpty());
            try (Stream<Path> all = Files.list(host.path())) {
                assertThat(all.map(path -> path.getFileName().toString()))
                        .allMatch(name ->
                                name.matches("(btrfs|xfs|ext4)-300m-[0-9a-f]{16}-o[0-9a-f]{8}|\\.locks|lost.found"));
            }
            assertThat(events.stream().filter(KtstrEvent.Warning.class::isInstance))
                    .hasSize(kind.canShare ? 0 : 1);
        }
    }

    private static void assertIsSparse(TestDisk disk, Template template) throws Exception {
        long used = FileStat.of(template.image()).orElseThrow().allocated();
        long copied = FileStat.of(disk.path()).orElseThrow().allocated();
        assertThat(copied).isBetween(used * 9 / 10, used * 11 / 10);
    }

    private static long extents(Path image) throws Exception {
        // "template.img: 3 extents found"; tmpfs has no map of them
        String told = Commands.run("sh", "-c", "filefrag " + image + " 2>&1 || true");
        java.util.regex.Matcher count =
                java.util.regex.Pattern.compile(": (\\d+) extents? found").matcher(told);
        return count.find() ? Long.parseLong(count.group(1)) : 0;
    }

    @ParameterizedTest
    @EnumSource(names = {"XFS_WITHOUT_REFLINK", "EXT4", "TMPFS"})
    void whereBlocksCannotBeSharedReflinkFailsWithTheWholeStory(HostMount.Kind kind) throws Exception {
        try (HostMount host = HostMount.of(kind, directory)) {
            DiskSpec spec = spec(Filesystem.EXT4).cloneMode(CloneMode.REFLINK).build();
            assertThatExceptionOfType(DiskException.class)
                    .isThrownBy(() -> templates(host.path()).newDisk(spec))
                    .withMessageContaining("FICLONE")
                    .withMessageContaining(host.path().toString())
                    .withMessageContaining("KTSTR_CACHE_DIR")
                    .withMessageContaining(kind == HostMount.Kind.XFS_WITHOUT_REFLINK ? "reflink=0" : "cannot share")
                    .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.REFLINK_IMPOSSIBLE));
        }
    }

    static class TooLargeCase {
        @Test
        void test(@KtstrDisk(size = "20T", filesystem = Filesystem.RAW) TestDisk disk) {
            assertThat(disk).isNull();
        }
    }

    /** A file of ext4 with blocks of 4 KiB has at most 16 TiB, Documentation/filesystems/ext4/blocks.rst. */
    @Test
    void aDiskThatTheHostHasNoFileForIsAMistakeWhereItIsAskedFor() throws Exception {
        try (HostMount host = HostMount.of(HostMount.Kind.EXT4, directory)) {
            for (Filesystem filesystem : List.of(Filesystem.RAW, Filesystem.EXT4)) {
                DiskSpec spec =
                        DiskSpec.builder().filesystem(filesystem).size("20T").build();
                assertThatExceptionOfType(DiskException.class)
                        .isThrownBy(() -> templates(host.path()).newDisk(spec))
                        .withMessageContaining("20.0 TiB")
                        .withMessageContaining("the file system there has no files of that size")
                        .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.DISK_SPEC));
            }
            EngineTestKit.engine("junit-jupiter")
                    .configurationParameter("ktstr.cacheDir", host.path().toString())
                    .selectors(selectClass(TooLargeCase.class))
                    .execute()
                    .testEvents()
                    .assertThatEvents()
                    .haveExactly(
                            1,
                            finishedWithFailure(
                                    message(text -> text.contains("KT-JUNIT-01  reading @KtstrDisk on parameter")
                                            && text.contains(TooLargeCase.class.getName() + ".test: ")
                                            && text.contains("its size is not usable")
                                            && text.contains("take a smaller one"))));
        }
    }

    @Test
    void aDirectoryWithoutCopyOnWriteIsNamed() throws Exception {
        try (HostMount host = HostMount.of(HostMount.Kind.BTRFS, directory)) {
            Path disks = Files.createDirectory(host.path().resolve("disks"));
            Commands.run("chattr", "+C", disks.toString());
            Environment environment = Environment.of(
                    Map.of("KTSTR_DISK_DIR", disks.toString(), "PATH", System.getenv("PATH")), directory);
            DiskTemplates templates = DiskTemplates.at(host.path(), environment);
            DiskSpec spec = spec(Filesystem.EXT4).cloneMode(CloneMode.REFLINK).build();
            assertThatThrownBy(() -> templates.newDisk(spec)).hasMessageContaining("attribute C");
        }
    }

    @Test
    void twoDisksOfOneTestMountAtTheSameTime() throws Exception {
        try (HostMount host = HostMount.of(HostMount.Kind.XFS, directory)) {
            DiskTemplates templates = templates(host.path());
            for (Filesystem filesystem : FORMATTED) {
                DiskSpec spec = spec(filesystem).build();
                Path first = Files.createTempDirectory(directory, "first");
                Path second = Files.createTempDirectory(directory, "second");
                try (TestDisk one = templates.newDisk(spec);
                        TestDisk two = templates.newDisk(spec.withVariant(2))) {
                    Commands.run("mount", "-o", "loop", one.path().toString(), first.toString());
                    Commands.run("mount", "-o", "loop", two.path().toString(), second.toString());
                    Files.writeString(first.resolve("file"), "one");
                    Files.writeString(second.resolve("file"), "two");
                    assertThat(first.resolve("file")).content().isEqualTo("one");
                    Commands.run("umount", first.toString());
                    Commands.run("umount", second.toString());
                }
            }
        }
    }

    @Test
    void manyDisksAtOnceFromThreadsAndProcesses() throws Exception {
        try (HostMount host = HostMount.of(HostMount.Kind.BTRFS, directory)) {
            List<Process> makers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                makers.add(
                        Commands.start(Commands.jvm(DiskMain.class, host.path().toString(), "EXT4", "50", "16")));
            }
            for (Process maker : makers) {
                assertThat(Commands.finish(maker)).contains("50 DISTINCT");
            }
            assertOnlyTemplates(host.path());
        }
    }

    @Test
    void nothingIsLeftOfAProcessThatIsKilled() throws Exception {
        try (HostMount host = HostMount.of(HostMount.Kind.EXT4, directory)) {
            templates(host.path()).ensure(spec(Filesystem.EXT4).build());
            long before = Files.getFileStore(host.path()).getUnallocatedSpace();
            Process holder =
                    Commands.start(Commands.jvm(DiskMain.class, host.path().toString(), "EXT4", "50", "4", "wait"));
            awaitLine(holder, "50 DISTINCT");
            Commands.run("sync", "-f", host.path().toString());
            assertThat(Files.getFileStore(host.path()).getUnallocatedSpace()).isLessThan(before - (4 << 20));
            holder.destroyForcibly();
            assertThat(holder.waitFor(1, TimeUnit.MINUTES)).isTrue();
            Commands.run("sync", "-f", host.path().toString());
            assertThat(Files.getFileStore(host.path()).getUnallocatedSpace()).isGreaterThan(before - (1 << 20));
            assertOnlyTemplates(host.path());
        }
    }

    @Test
    void inAnotherPidNamespaceThePathIsThisProcesssFile() throws Exception {
        Path root = Files.createDirectory(directory.resolve("templates"));
        List<String> command = new ArrayList<>(List.of("unshare", "-pf"));
        command.addAll(Commands.jvm(DiskMain.class, root.toString(), "EXT4", "20", "4"));
        assertThat(Commands.finish(Commands.start(command))).contains("20 DISTINCT");
        assertOnlyTemplates(root);
    }

    @Test
    void ofManyProcessesThatWantOneTemplateOneFormatsIt() throws Exception {
        Path root = Files.createDirectory(directory.resolve("templates"));
        Path bin = Files.createDirectory(directory.resolve("bin"));
        Path counted = Files.writeString(bin.resolve("mkfs.ext4"), """
                #!/bin/sh
                echo run >> %s/runs
                sleep 1
                exec %s "$@"
                """.formatted(
                        bin,
                        Commands.run("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; command -v mkfs.ext4")
                                .strip()));
        Files.setPosixFilePermissions(counted, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<Process> makers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            ProcessBuilder maker = new ProcessBuilder(Commands.jvm(DiskMain.class, root.toString(), "EXT4", "1", "1"))
                    .redirectErrorStream(true);
            maker.environment().put("PATH", bin + ":" + System.getenv("PATH"));
            makers.add(maker.start());
        }
        for (Process maker : makers) {
            assertThat(Commands.finish(maker)).contains("1 DISTINCT");
        }
        assertThat(Files.readAllLines(bin.resolve("runs"))).hasSize(1);
        assertOnlyTemplates(root);
    }

    @Test
    void aFullDiskIsAClearErrorWithoutTemplateOrDebris() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("small"));
        Commands.run("mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", mount.toString());
        try {
            for (Filesystem filesystem : FORMATTED) {
                assertThatThrownBy(
                                () -> templates(mount).ensure(spec(filesystem).build()))
                        .hasMessageContaining("mkfs." + filesystem.text());
                assertOnlyTemplates(mount);
                assertThat(templates(mount).list()).isEmpty();
            }
        } finally {
            Commands.run("umount", mount.toString());
        }
    }

    @Test
    void templatesOnAReadOnlyMountServeDisksElsewhere() throws Exception {
        Path root = Files.createDirectory(directory.resolve("templates"));
        Path mount = Files.createDirectory(directory.resolve("read-only"));
        DiskSpec spec = spec(Filesystem.EXT4).build();
        templates(root).newDisk(spec).close();
        Commands.run("mount", "--bind", root.toString(), mount.toString());
        Commands.run("mount", "-o", "remount,bind,ro", mount.toString());
        try {
            assertThatThrownBy(() -> templates(mount).newDisk(spec))
                    .hasMessageContaining("EROFS")
                    .hasMessageContaining("set KTSTR_DISK_DIR");
            Environment environment = Environment.of(
                    Map.of("KTSTR_DISK_DIR", directory.resolve("disks").toString(), "PATH", System.getenv("PATH")),
                    directory);
            try (TestDisk disk = DiskTemplates.at(mount, environment).newDisk(spec)) {
                write(disk, "elsewhere");
            }
        } finally {
            Commands.run("umount", mount.toString());
        }
    }

    private static void assertOnlyTemplates(Path root) throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            assertThat(all.map(path -> path.getFileName().toString()))
                    .allMatch(name -> name.matches("ext4-300m-[0-9a-f]{16}|\\.locks|lost.found"));
        }
        assertThat(DiskTemplates.at(root).list())
                .extracting(ListedTemplate::problem)
                .allMatch(problem -> problem.isEmpty());
    }

    private static void awaitLine(Process process, String line) throws IOException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String read;
        do {
            read = output.readLine();
        } while (read != null && !read.equals(line));
        assertThat(read).isEqualTo(line);
    }
}
