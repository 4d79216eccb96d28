package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.maven.doctor.Doctor;
import dev.ktstr.maven.doctor.Finding;
import dev.ktstr.maven.doctor.Finding.Level;
import dev.ktstr.maven.doctor.Report;
import dev.ktstr.maven.doctor.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What doctor says of file systems that can do more or less, and what it leaves when it is ended. */
@Tag("root")
class DoctorIT {
    @TempDir
    Path directory;

    private static Report examine(Path cache) {
        Environment environment = VmFixture.environment(cache, Map.of());
        return new Doctor(Surroundings.withoutProject(environment, false, "1.0", "3.9.16")).examine();
    }

    private static Finding only(Report report, String name) {
        List<Finding> found = report.findings().stream()
                .filter(each -> each.name().equals(name))
                .toList();
        assertThat(found).as("%s in %s", name, report.lines()).hasSize(1);
        return found.get(0);
    }

    private static List<Path> everythingIn(Path top) throws IOException {
        try (Stream<Path> all = Files.walk(top)) {
            return all.sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"XFS", "BTRFS", "EXT4", "XFS_WITHOUT_REFLINK", "TMPFS"})
    void everyFileSystemIsToldByWhatItCanDo(HostMount.Kind kind) throws Exception {
        Commands.requireRoot();
        try (HostMount mount = HostMount.of(kind, directory)) {
            Path cache = Files.createDirectory(mount.path().resolve("cache"));
            List<Path> before = everythingIn(mount.path());

            Report report = examine(cache);

            assertThat(only(report, "reflink").level()).isEqualTo(kind.canShare ? Level.OK : Level.WARN);
            for (String name :
                    List.of("cache", "nameless files", "exchange", "fsync", "flock", "holders", "mkfs.ext4")) {
                assertThat(only(report, name).level())
                        .as("%s", only(report, name))
                        .isEqualTo(Level.OK);
            }
            String type = kind.name().replaceFirst("_.*", "").toLowerCase(Locale.ROOT);
            assertThat(only(report, "cache").found()).contains(" on " + type + ": a file could be made in it");
            assertThat(everythingIn(mount.path())).isEqualTo(before);
        }
    }

    @Test
    void whatItSaysToTypeGivesAFileSystemThatCanShareBlocks() throws Exception {
        Commands.requireRoot();
        Path mounted = directory.resolve("srv/ktstr");
        try (HostMount ext4 = HostMount.of(HostMount.Kind.EXT4, Files.createDirectory(directory.resolve("ext4")))) {
            List<String> remedy = only(examine(ext4.path()), "reflink").remedy();
            String script = String.join("\n", remedy)
                    .replace(
                            "/var/lib/ktstr.img", directory.resolve("ktstr.img").toString())
                    .replace("/srv/ktstr", mounted.toString());
            try {
                String cache = Commands.run("sh", "-ec", script + "\necho \"$KTSTR_CACHE_DIR\"");
                assertThat(cache).isEqualTo(mounted + "\n");

                assertThat(only(examine(mounted), "reflink").level()).isEqualTo(Level.OK);
            } finally {
                Commands.run("umount", mounted.toString());
            }
        }
    }

    @Test
    void aReadOnlyStoreIsAFailureAndTheRestIsExamined() throws Exception {
        Commands.requireRoot();
        Commands.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", directory.toString());
        try {
            Report report = examine(directory);

            assertThat(only(report, "cache").level()).isEqualTo(Level.FAIL);
            assertThat(only(report, "cache").found()).contains("(tmpfs)", "EROFS");
            assertThat(only(report, "file system").found()).startsWith("not tried");
            assertThat(only(report, "lock directory").level()).isEqualTo(Level.OK);
            assertThat(only(report, "setpriv").level()).isEqualTo(Level.OK);
            assertThat(only(report, "mkfs.ext4").level()).isEqualTo(Level.OK); // where temporary files are
        } finally {
            Commands.run("umount", directory.toString());
        }
    }

    @Test
    void aStoreThatIsNearlyFullIsAFailure() throws Exception {
        Commands.requireRoot();
        Commands.run("mount", "-t", "tmpfs", "-o", "size=150m", "tmpfs", directory.toString());
        try {
            assertThat(only(examine(directory), "cache space").level()).isEqualTo(Level.FAIL);
            assertThat(directory).isEmptyDirectory();
        } finally {
            Commands.run("umount", directory.toString());
        }
    }

    @Test
    @Tag("kernel")
    @Timeout(120)
    void endedWhileAGuestRunsItLeavesNothing() throws Exception {
        VmFixture fixture = VmFixture.store(directory.resolve("cache"));
        List<Path> before = everythingIn(directory);
        ProcessBuilder builder = new ProcessBuilder(Commands.jvm(DoctorMain.class)).redirectErrorStream(true);
        builder.environment().put("KTSTR_CACHE_DIR", fixture.cache().root().toString());
        builder.environment().put("KTSTR_ACCEL", "tcg");
        Process doctor = builder.start();
        List<ProcessHandle> qemu = List.of();
        while (qemu.isEmpty() && doctor.isAlive()) {
            qemu = doctor.descendants().filter(DoctorIT::isGuest).toList();
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(qemu).isNotEmpty();
        assertThat(everythingIn(directory)).hasSizeGreaterThan(before.size());
        long start = System.nanoTime();

        doctor.toHandle().destroy(); // which leaves its output to be read

        String said = Commands.finish(doctor);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).as(said).isLessThan(Duration.ofSeconds(8));
        assertThat(doctor.exitValue()).isEqualTo(128 + 15);
        assertThat(qemu).noneMatch(ProcessHandle::isAlive);
        assertThat(everythingIn(directory)).isEqualTo(before);
    }

    private static boolean isGuest(ProcessHandle process) {
        return process.info().command().orElse("").contains("qemu-system");
    }
}
