package dev.ktstr.maven.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.maven.doctor.Finding.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.apache.maven.model.Build;
import org.apache.maven.model.Plugin;
import org.apache.maven.model.PluginManagement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupsTest {
    @TempDir
    Path directory;

    private final Findings findings = new Findings();

    private Finding only(String name) {
        return Reports.only(findings.all(), name);
    }

    private Surroundings surroundings() {
        return Reports.surroundings(directory);
    }

    private Surroundings surroundings(String variable, Object value) {
        return Reports.surroundings(Reports.environment(directory, Map.of(variable, value.toString())));
    }

    // Whatever becomes of a check

    @Test
    void aCheckThatFailsUnexpectedlyIsAFindingWithTheReason() {
        findings.check("one", () -> {
            throw new IllegalStateException("nobody thought of this");
        });
        findings.check("two", () -> {
            throw new NoClassDefFoundError("com/acme/Gone");
        });
        findings.check("three", () -> Finding.ok("three", "fine"));
        assertThat(only("one")).returns(Level.FAIL, Finding::level);
        assertThat(only("one").found()).contains("nobody thought of this");
        assertThat(only("one").remedy()).singleElement().asString().contains("report it");
        assertThatThrownBy(() -> Finding.fail("bad", "no way out", List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(only("two").found()).contains("com/acme/Gone");
        assertThat(only("three").level()).isEqualTo(Level.OK);
    }

    @Test
    void theTextIsAlignedAndRemediesAreBelow() {
        Report report = new Report(List.of(
                Finding.ok("java", "17"),
                Finding.warn("reflink", "refused\nin two lines", List.of("# so:", "mount it"))));
        assertThat(report.lines())
                .containsExactly(
                        "OK    java     17",
                        "WARN  reflink  refused",
                        "               in two lines",
                        "                 # so:",
                        "                 mount it",
                        "1 OK, 1 WARN, 0 FAIL");
    }

    // The JVM

    @Test
    void nativeAccessThatWasNotAllowedIsWarnedOfFromJava24On() {
        new JavaGroup(surroundings(), 25, List.of("-Xmx1g")).examine(findings);
        assertThat(only("native access").level()).isEqualTo(Level.WARN);
        assertThat(only("native access").remedy())
                .contains(
                        "mkdir -p .mvn && echo --enable-native-access=ALL-UNNAMED >> .mvn/jvm.config",
                        "<argLine>--enable-native-access=ALL-UNNAMED</argLine>");
        Findings allowed = new Findings();
        new JavaGroup(surroundings(), 25, List.of("--enable-native-access=ALL-UNNAMED")).examine(allowed);
        new JavaGroup(surroundings(), 17, List.of()).examine(allowed);
        assertThat(allowed.all()).allMatch(each -> each.level() == Level.OK);
    }

    @Test
    void anotherOperatingSystemIsAFailure() {
        Surroundings other =
                Reports.surroundings(Reports.environment(directory, Map.of()).withOperatingSystem("Mac OS X"));
        new JavaGroup(other).examine(findings);
        assertThat(only("system")).returns(Level.FAIL, Finding::level);
        assertThat(only("system").found()).contains("Mac OS X");
    }

    // The cache directory

    @Test
    void aCacheThatOthersMayWriteToIsWarnedOf() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxr-x"));
        new CacheGroup(surroundings()).examine(findings);
        assertThat(only("cache").level()).isEqualTo(Level.OK);
        assertThat(only("cache mode")).returns(Level.WARN, Finding::level);
        assertThat(only("cache mode").remedy()).containsExactly("chmod go-w " + directory);
    }

    @ParameterizedTest
    @CsvSource({"209715199, FAIL", "209715200, WARN", "5368709119, WARN", "5368709120, OK"})
    void spaceHasTwoBounds(long bytes, Level level) throws Exception {
        assertThat(new CacheGroup(surroundings()).space(bytes).level()).isEqualTo(level);
    }

    // Locks

    @Test
    void locksAreTriedWithAnotherProcessAndItsHoldingIsSeen() throws Exception {
        new LockGroup(surroundings().environment(), directory).examine(findings);
        for (String name : List.of("flock", "holders")) {
            assertThat(only(name).level()).as("%s", only(name)).isEqualTo(Level.OK);
        }
        assertThat(only("inotify").level()).isNotEqualTo(Level.FAIL); // others may have taken all instances
        String limit =
                Command.run("cat", "/proc/sys/fs/inotify/max_user_instances").output();
        assertThat(only("inotify").found()).contains(" " + limit + " ");
    }

    @Test
    void whatAnotherProcessHoldsIsGivenBackWhenItIsClosed() throws Exception {
        Path file = directory.resolve("lock");
        try (ChildLock child = ChildLock.tryTake(Path.of("/usr/bin/flock"), "-x", file)) {
            assertThat(child.isHeld()).isTrue();
            assertThat(Flock.on(file).tryAcquire(FlockMode.SHARED)).isEmpty();
        }
        try (LockGuard ours = Flock.on(file).tryAcquire(FlockMode.EXCLUSIVE).orElseThrow();
                ChildLock child = ChildLock.tryTake(Path.of("/usr/bin/flock"), "-s", file)) {
            assertThat(ours.mode()).isEqualTo(FlockMode.EXCLUSIVE);
            assertThat(child.isHeld()).isFalse();
        }
    }

    @Test
    void aLockDirectoryThatIsNotThereIsAFailureWithTheCommandThatMakesIt() throws Exception {
        Path missing = directory.resolve("missing");
        new LockDirectoryGroup(surroundings("KTSTR_LOCK_DIR", missing).environment()).examine(findings);
        assertThat(findings.all()).hasSize(1);
        assertThat(only("lock directory")).returns(Level.FAIL, Finding::level);
        String command = only("lock directory").remedy().get(0);
        assertThat(Command.run("sh", "-c", command.replace("sudo ", "")).status())
                .isZero();
        Findings mended = new Findings();
        new LockDirectoryGroup(surroundings("KTSTR_LOCK_DIR", missing).environment()).examine(mended);
        assertThat(mended.all()).hasSize(2).allMatch(each -> each.level() == Level.OK);
        assertThat(missing).isEmptyDirectory();
    }

    @Test
    void anotherDoctorAtTheSameTimeIsProofEnoughAndOneThatWasKilledIsFollowedUp() throws Exception {
        Path file = Files.createFile(directory.resolve("ktstr-lock-doctor.lock"));
        try (LockGuard held = Flock.on(file).acquire(FlockMode.EXCLUSIVE)) {
            new LockDirectoryGroup(surroundings("KTSTR_LOCK_DIR", directory).environment()).examine(findings);
            assertThat(only("lock directory").level()).isEqualTo(Level.OK);
            assertThat(file).as("%s", held).exists();
        }
        new LockDirectoryGroup(surroundings("KTSTR_LOCK_DIR", directory).environment()).examine(new Findings());
        assertThat(file).doesNotExist();
    }

    @Test
    void aLockDirectoryOfEverybodyHasToBeSticky() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        new LockDirectoryGroup(surroundings("KTSTR_LOCK_DIR", directory).environment()).examine(findings);
        assertThat(only("lock directory")).returns(Level.WARN, Finding::level);
        assertThat(only("lock directory").remedy().get(0)).endsWith("chmod +t " + directory);
    }

    // Guests

    @Test
    void withoutTheDeviceOrWithOneThatCannotBeOpenedThereIsNoKvm() throws Exception {
        new GuestGroup(surroundings(), directory, directory.resolve("kvm")).examine(findings);
        assertThat(only("guest")).returns(Level.WARN, Finding::level);
        assertThat(only("kvm").found()).contains("there is no " + directory.resolve("kvm"));
        Findings denied = new Findings();
        new GuestGroup(surroundings(), directory, directory).examine(denied); // not to be opened, even by root
        assertThat(Reports.only(denied.all(), "kvm").found()).contains("may not open");
        assertThat(Reports.only(denied.all(), "kvm").remedy())
                .anyMatch(line -> line.contains("usermod -aG kvm"))
                .anyMatch(line -> line.contains("udevadm control --reload-rules"));
        Findings unasked = new Findings();
        new GuestGroup(surroundings("KTSTR_ACCEL", "tcg"), directory, directory).examine(unasked);
        assertThat(Reports.only(unasked.all(), "kvm").level()).isEqualTo(Level.OK);
    }

    // What is stored

    @Test
    void orphansAndCorruptEntriesAreNamedWithTheGoalThatRemovesThemAndStay() throws Exception {
        Path staging = Files.createDirectory(directory.resolve(".tmp-k-77.0123abcd"));
        Path instant = Files.createFile(directory.resolve(".per-test-2147483646-1-2.img"));
        Path corrupt = Files.createDirectory(directory.resolve("corrupt"));
        new StoreGroup(surroundings()).examine(findings);
        assertThat(only("kernels").found()).contains("0 usable, 1 corrupt", "corrupt (");
        assertThat(only("kernels").remedy()).containsExactly(goal("kernel-clean -Dktstr.corruptOnly=true"));
        assertThat(only("orphans").found()).contains("2 left behind", staging.toString(), instant.toString());
        assertThat(only("orphans").remedy())
                .contains(goal("kernel-clean -Dktstr.corruptOnly=true"), goal("disk-clean -Dktstr.all=true"));
        assertThat(List.of(staging, instant, corrupt)).allMatch(Files::exists);
    }

    @Test
    void commandsNameACacheDirectoryThatWasGivenAsAProperty() {
        Surroundings property = new Surroundings(
                Reports.environment(directory, Map.of()), true, "1.0", "3.9.16", java.util.Optional.empty());
        assertThat(property.goal("kernel-list", "/a b"))
                .isEqualTo("mvn dev.ktstr:ktstr-maven-plugin:1.0:kernel-list -Dktstr.cacheDir='/a b'");
    }

    private static String goal(String rest) {
        return "mvn dev.ktstr:ktstr-maven-plugin:1.0:" + rest;
    }

    // The project

    @ParameterizedTest
    @CsvSource({
        "2.12.4, WARN, runs no JUnit 5 test",
        "2.22.2, WARN, older than 3.6",
        "3.2.5,  WARN, older than 3.6",
        "3.6.0,  OK,   3.6.0",
        "3.10.0, OK,   3.10.0",
        "4.0.0-beta-1, OK, 4.0.0-beta-1",
        "${it},  WARN, no version that can be told",
    })
    void aSurefireHasToBeNewEnough(String version, Level level, String said) {
        Build build = new Build();
        build.addPlugin(plugin("maven-surefire-plugin", version));
        new SurefireGroup("3.8.9", build).examine(findings);
        assertThat(only("surefire")).returns(level, Finding::level);
        assertThat(only("surefire").found()).contains(said);
        assertThat(only("failsafe").level()).isEqualTo(Level.OK);
    }

    @Test
    void pluginManagementCountsAndWhatNoPomSaysIsWarnedOf() {
        Build build = new Build();
        build.setPluginManagement(new PluginManagement());
        build.getPluginManagement().addPlugin(plugin("maven-failsafe-plugin", "3.6.1"));
        new SurefireGroup("3.8.9", build).examine(findings);
        assertThat(only("surefire")).returns(Level.WARN, Finding::level);
        assertThat(only("surefire").found()).contains("2.12.4", "this is Maven 3.8.9");
        assertThat(only("failsafe")).returns(Level.OK, Finding::level);
    }

    private static Plugin plugin(String artifact, String version) {
        Plugin plugin = new Plugin();
        plugin.setArtifactId(artifact);
        plugin.setVersion(version);
        return plugin;
    }

    // The machine

    @Test
    void tooLittleMemoryForAVirtualMachineIsWarnedOf() throws IOException {
        Path little = Files.writeString(directory.resolve("little"), "MemTotal: 9 kB\nMemAvailable:   655359 kB\n");
        Path enough = Files.writeString(directory.resolve("enough"), "MemAvailable:   655360 kB\n");
        new ResourcesGroup(little).examine(findings);
        assertThat(only("memory").level()).isEqualTo(Level.WARN);
        Findings more = new Findings();
        new ResourcesGroup(enough).examine(more);
        assertThat(Reports.only(more.all(), "memory").found()).contains("enough for 1 virtual machine");
    }
}
