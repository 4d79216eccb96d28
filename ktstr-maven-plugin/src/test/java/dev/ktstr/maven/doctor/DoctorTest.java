package dev.ktstr.maven.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.maven.doctor.Finding.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {
    @TempDir
    Path directory;

    private static Report examine(Environment environment) {
        return new Doctor(Reports.surroundings(environment)).examine();
    }

    private List<Path> everything() throws Exception {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.sorted().toList();
        }
    }

    @Test
    void aStoreThatIsNotThereYetIsTriedAboveItAndNothingIsLeft() throws Exception {
        List<Path> before = everything();

        Report report = examine(Reports.environment(directory.resolve("some/where"), Map.of()));

        assertThat(Reports.only(report.findings(), "cache"))
                .returns(Level.OK, Finding::level)
                .extracting(Finding::found)
                .asString()
                .contains("some/where (KTSTR_CACHE_DIR)", "not there yet", "could be made in " + directory);
        for (String name : List.of("fsync", "nameless files", "exchange", "lock directory", "orphans", "mkfs.ext4")) {
            assertThat(Reports.only(report.findings(), name).level()).as(name).isEqualTo(Level.OK);
        }
        assertThat(Reports.only(report.findings(), "reflink").found()).contains("FICLONE", directory.toString());
        assertThat(Reports.only(report.findings(), "guest").level()).isEqualTo(Level.WARN);
        assertThat(Reports.only(report.findings(), "guest").remedy())
                .last()
                .asString()
                .startsWith("mvn dev.ktstr:ktstr-maven-plugin:1.0:kernel-store ");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void withoutACacheDirectoryTheRestIsExamined() throws Exception {
        Report report = examine(Environment.of(Map.of("PATH", System.getenv("PATH")), null));

        assertThat(Reports.only(report.findings(), "cache"))
                .returns(Level.FAIL, Finding::level)
                .extracting(Finding::found)
                .asString()
                .contains("HOME is unset");
        assertThat(Reports.only(report.findings(), "lock directory").level()).isEqualTo(Level.OK);
        assertThat(Reports.only(report.findings(), "memory").found()).contains("available");
    }

    @Test
    void aFileInPlaceOfTheStoreIsAFailureAndStaysAsItIs() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "mine");

        Report report = examine(Reports.environment(file, Map.of()));

        assertThat(Reports.only(report.findings(), "cache"))
                .returns(Level.FAIL, Finding::level)
                .extracting(Finding::found)
                .asString()
                .contains("is not a directory");
        assertThat(file).hasContent("mine");
    }

    @Test
    void programsThatAreMissingAreNamedWithWhatInstallsThem() throws Exception {
        Report report = examine(Reports.environment(directory, Map.of("PATH", directory.toString())));

        for (String name : List.of("busybox", "setpriv")) {
            Finding missing = Reports.only(report.findings(), name);
            assertThat(missing.level()).isEqualTo(Level.FAIL);
            assertThat(missing.found()).contains("there is no " + name, "PATH is \"" + directory);
            assertThat(missing.remedy()).anyMatch(line -> line.contains("install -y "));
        }
        assertThat(Reports.only(report.findings(), "flock"))
                .returns(Level.WARN, Finding::level)
                .extracting(Finding::found)
                .asString()
                .contains("in this process only");
        assertThat(Reports.only(report.findings(), "to build kernels").found()).contains("missing: make, gcc, flex");
    }

    @Test
    void anMkfsThatFailsIsQuotedAndThereIsAnotherWay() throws Exception {
        Path program = Files.writeString(directory.resolve("mkfs.ext4"), "#!/bin/sh\necho I refuse >&2\nexit 1\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));

        Report report = examine(Reports.environment(directory, Map.of("PATH", directory + ":/usr/bin")));

        Finding mkfs = Reports.only(report.findings(), "mkfs.ext4");
        assertThat(mkfs.level()).isEqualTo(Level.FAIL);
        assertThat(mkfs.found()).contains("it ended with status 1", "I refuse");
        assertThat(mkfs.remedy())
                .last()
                .asString()
                .endsWith("disk-template -Dktstr.filesystem=ext4 -Dktstr.formatter=vm");
        assertThat(everything()).containsExactly(directory, program);
    }

    @Test
    void interruptedItTriesNothingMoreAndLeavesNothing() throws Exception {
        List<Path> before = everything();
        Thread.currentThread().interrupt();

        Report report = examine(Reports.environment(directory, Map.of()));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(report.findings()).allMatch(each -> each.level() == Level.FAIL);
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void whatAKilledDoctorLeftIsRemovedWhereNobodyElseSweeps() throws Exception {
        Path left = left(".disks-77.0123abcd");
        Path live = left(".disks-77.fedcba98");
        Path notOurs = left(".disks-of-mine");
        Path store = Files.createDirectories(directory.resolve("store"));
        try (LockGuard held = Flock.on(live.resolve("lock")).acquire(FlockMode.EXCLUSIVE)) {
            examine(Reports.environment(store.resolve("some/where"), Map.of()));
            assertThat(left).as("its store is not beside it").exists();
            Report report = examine(Reports.environment(directory.resolve("some/where"), Map.of()));
            assertThat(Reports.only(report.findings(), "leftovers"))
                    .returns(Level.OK, Finding::level)
                    .extracting(Finding::found)
                    .asString()
                    .contains(left.toString());
            assertThat(held.mode()).isEqualTo(FlockMode.EXCLUSIVE);
        }
        assertThat(left).doesNotExist();
        assertThat(List.of(live, notOurs, store)).allMatch(Files::exists);
    }

    private Path left(String name) throws Exception {
        Path left = Files.createDirectory(directory.resolve(name));
        Files.createFile(left.resolve("lock"));
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minusSeconds(90)));
        return left;
    }

    @Test
    void everyFindingThatIsNotOkHasARemedy() throws Exception {
        for (String name : List.of("busybox", "taskset", "setpriv")) {
            Path program = Files.writeString(directory.resolve(name), "#!/bin/sh\nexit 3\n");
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Report report = examine(Reports.environment(directory, Map.of("PATH", directory + ":/usr/bin")));
        for (String name : List.of("busybox", "taskset", "setpriv")) {
            assertThat(Reports.only(report.findings(), name).remedy())
                    .as(name)
                    .anyMatch(line -> line.contains("reinstall"));
        }
    }

    @Test
    void disksElsewhereAreTriedThere() throws Exception {
        Path disks = Files.createDirectory(directory.resolve("disks"));
        Path cache = Files.createDirectory(directory.resolve("cache"));

        Report report = examine(Reports.environment(cache, Map.of("KTSTR_DISK_DIR", disks.toString())));

        assertThat(Reports.only(report.findings(), "disk directory").found())
                .contains("FICLONE", "from " + cache + " to " + disks);
        assertThat(Reports.only(report.findings(), "reflink").level()).isEqualTo(Level.OK);
        assertThat(everything()).containsExactly(directory, cache, disks);
    }
}
