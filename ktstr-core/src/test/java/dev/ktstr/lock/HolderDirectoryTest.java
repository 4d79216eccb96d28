package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ktstr.ChildJvm;
import dev.ktstr.Environment;
import dev.ktstr.event.KtstrEvent;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Records of holders, and what becomes of them. Their peer is util-linux flock(1), which locks a record like its writer. */
@Timeout(60)
class HolderDirectoryTest {
    private static final String RECORD = "7-0123abcd";
    private static final String ELSEWHERE = """
            {"host": "bar", "boot_id": "another", "pid_ns": 4026532512, "container": "c0ffee", "pid": 7,
             "command": "java -jar x.jar", "test": "FooIT", "mode": "LOCK_SH", "since": "2026-04-12T09:58:00Z"}
            """;

    @TempDir
    Path directory;

    private Path file = Path.of("");
    private Path holders = Path.of("");

    @BeforeEach
    void name() {
        file = directory.resolve("k.lock");
        holders = directory.resolve("holders");
    }

    private Flock flock() {
        return Flock.on(file).recordedIn(holders);
    }

    private List<Path> records() throws IOException {
        if (!Files.isDirectory(holders.resolve("k.lock"))) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(holders.resolve("k.lock"))) {
            return all.sorted().toList();
        }
    }

    private Path record(String name, String content) throws IOException {
        return Files.writeString(
                Files.createDirectories(holders.resolve("k.lock")).resolve(name), content);
    }

    private static int mode(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    // Writing

    @ParameterizedTest
    @EnumSource(FlockMode.class)
    void whoeverHoldsTheLockHasALockedRecordUntilTheyLetGo(FlockMode mode) throws Exception {
        Instant before = Instant.now();
        try (LockGuard guard = flock().forTest("FooIT").acquire(mode, Duration.ZERO)) {
            Path record = records().get(0);
            JsonNode json = new ObjectMapper().readTree(record.toFile());

            assertThat(guard.mode()).isEqualTo(mode);
            assertThat(records()).hasSize(1);
            assertThat(String.valueOf(record.getFileName()))
                    .matches(ProcessHandle.current().pid() + "-[0-9a-f]{8}");
            assertThat(json.fieldNames())
                    .toIterable()
                    .containsExactly(
                            "host", "boot_id", "pid_ns", "container", "pid", "command", "test", "mode", "since");
            assertThat(json.get("host").asText())
                    .isEqualTo(Files.readString(Path.of("/proc/sys/kernel/hostname"))
                            .strip());
            assertThat(json.get("boot_id").asText())
                    .isEqualTo(Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                            .strip());
            assertThat("pid:[" + json.get("pid_ns").asLong() + "]")
                    .isEqualTo(
                            Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString());
            assertThat(json.get("pid").asLong())
                    .isEqualTo(ProcessHandle.current().pid());
            assertThat(json.get("command").asText()).contains("java");
            assertThat(json.get("test").asText()).isEqualTo("FooIT");
            assertThat(json.get("mode").asText()).isEqualTo(mode.operation());
            assertThat(Instant.parse(json.get("since").asText())).isBetween(before, Instant.now());
            assertThat(sharedByFlock(record)).isEqualTo(1);
        }
        assertThat(records()).isEmpty();
    }

    /** How flock(1) ends that tries to get a file's lock. */
    private static int sharedByFlock(Path file) throws Exception {
        Process flock = new ProcessBuilder("flock", "-n", "-s", file.toString(), "true").start();
        assertThat(flock.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return flock.exitValue();
    }

    @Test
    void attemptsLeaveRecordsWhereAskedTo() throws Exception {
        try (LockGuard guard = flock().tryAcquire(FlockMode.SHARED).orElseThrow()) {
            assertThat(guard.lockFile()).isEqualTo(file);
            assertThat(records()).hasSize(1);
        }
        assertThat(records()).isEmpty();
    }

    @Test
    void nobodyElseLeavesAny() throws Exception {
        try (LockGuard plain = Flock.on(file).acquire(FlockMode.SHARED);
                LockGuard reader = Flock.on(file).withHoldersIn(holders).acquire(FlockMode.SHARED)) {
            assertThat(plain.mode()).isEqualTo(reader.mode());
            assertThat(holders).doesNotExist();
        }
    }

    @Test
    void whatIsMadeIsForAllUsers() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.SHARED)) {
            assertThat(guard.lockFile()).isEqualTo(file);
            assertThat(mode(holders)).isEqualTo(01777);
            assertThat(mode(holders.resolve("k.lock"))).isEqualTo(01777);
            assertThat(mode(records().get(0))).isEqualTo(0644);
        }
    }

    @Test
    void withAStrictUmaskToo() throws Exception {
        assertThat(ChildJvm.of(Modes.class, file.toString(), holders.toString())
                        .after("umask 077")
                        .run()
                        .output())
                .endsWith("1777 1777 644\n");
    }

    static final class Modes {
        public static void main(String[] arguments) throws Exception {
            Path holders = Path.of(arguments[1]);
            try (LockGuard guard =
                            Flock.on(Path.of(arguments[0])).recordedIn(holders).acquire(FlockMode.SHARED);
                    Stream<Path> records = Files.list(holders.resolve("k.lock"))) {
                System.out.printf(
                        "%o %o %o%n",
                        mode(holders),
                        mode(holders.resolve("k.lock")),
                        mode(records.findFirst().orElseThrow()));
                System.out.flush();
                guard.close();
            }
        }
    }

    @Test
    void whereNoRecordCanBeWrittenTheLockIsTakenWithoutOne() throws Exception {
        Files.writeString(holders, "in the way");
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE, Duration.ZERO)) {
            assertThat(guard.mode()).isEqualTo(FlockMode.EXCLUSIVE);
            assertThat(flock().holders())
                    .extracting(LockHolder::pid)
                    .containsExactly(ProcessHandle.current().pid());
        }
        Files.delete(holders);
        Path nowhere = directory.resolve("absent/holders");
        Flock.on(file).recordedIn(nowhere).acquire(FlockMode.SHARED).close();
        assertThat(directory.resolve("absent")).doesNotExist();
        Flock.on(file)
                .recordedIn(Path.of("/proc/holders"))
                .acquire(FlockMode.SHARED)
                .close();
    }

    @Test
    void aLinkInPlaceOfADirectoryIsNotFollowed() throws Exception {
        Path theirs = Files.createDirectory(directory.resolve("theirs"));
        Files.createSymbolicLink(holders, theirs);
        try (LockGuard guard = flock().acquire(FlockMode.SHARED)) {
            assertThat(guard.lockFile()).isEqualTo(file);
            assertThat(theirs).isEmptyDirectory();
        }
        Files.delete(holders);
        Files.createDirectory(holders);
        Files.createSymbolicLink(holders.resolve("k.lock"), theirs);
        try (LockGuard guard = flock().acquire(FlockMode.SHARED)) {
            assertThat(guard.lockFile()).isEqualTo(file);
            assertThat(theirs).isEmptyDirectory();
        }
    }

    @Test
    void aRecordThatIsRemovedUnderUsHarmsNobody() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            assertThat(guard.lockFile()).isEqualTo(file);
            Files.delete(records().get(0));
            Files.delete(holders.resolve("k.lock"));
            Files.delete(holders);
        }
        flock().acquire(FlockMode.EXCLUSIVE, Duration.ZERO).close();
    }

    @Test
    void manyThreadsLeaveNothingBehindAndNoDescriptorOpen() throws Exception {
        flock().acquire(FlockMode.SHARED).close();
        long before = descriptors();
        CountDownLatch start = new CountDownLatch(1);
        List<FutureTask<Boolean>> workers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            FutureTask<Boolean> worker = new FutureTask<>(() -> {
                start.await();
                for (int round = 0; round < 50; round++) {
                    try (LockGuard guard = flock().acquire(FlockMode.SHARED)) {
                        assertThat(flock().holders()).as("%s", guard).isNotEmpty();
                    }
                }
                return true;
            });
            workers.add(worker);
            new Thread(worker).start();
        }
        start.countDown();
        for (FutureTask<Boolean> worker : workers) {
            assertThat(worker.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(records()).isEmpty();
        assertThat(descriptors()).isLessThan(before + 20);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    // Stale ones

    @Test
    void aKilledHoldersRecordIsNeverTakenForALiveOne() throws Exception {
        Process holder =
                ChildJvm.of(Holder.class, file.toString(), holders.toString()).start();
        assertThat(holder.inputReader().readLine()).isEqualTo("held");
        assertThat(flock().holders()).singleElement().satisfies(who -> {
            assertThat(who.pid()).isEqualTo(holder.pid());
            assertThat(who.since()).isNotNull();
        });
        holder.destroyForcibly().waitFor();

        assertThat(records()).hasSize(1);
        assertThat(flock().holders()).isEmpty();
        assertThat(records()).isEmpty();
    }

    /** Holds the lock until its input ends. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            try (LockGuard guard = Flock.on(Path.of(arguments[0]))
                    .recordedIn(Path.of(arguments[1]))
                    .acquire(FlockMode.SHARED)) {
                System.out.println("held");
                System.in.read();
                guard.close();
            }
        }
    }

    @Test
    void whoeverTakesTheLockExclusiveRemovesWhatOthersLeftBehind() throws Exception {
        record(RECORD, ELSEWHERE);
        flock().acquire(FlockMode.SHARED).close();
        assertThat(records()).hasSize(1);

        assertThat(Flock.on(file).withHoldersIn(holders).tryAcquire(FlockMode.EXCLUSIVE))
                .isPresent()
                .hasValueSatisfying(guard -> assertThat(guard.mode()).isEqualTo(FlockMode.EXCLUSIVE));
        assertThat(records()).isEmpty();
    }

    @Test
    void onlyWhatIsARecordAndStaleIsRemoved() throws Exception {
        Path other = record("notes.txt", "");
        Path noSuffix = record("7", ELSEWHERE);
        Path live = record("8-0123abcd", ELSEWHERE);
        Path stale = record(RECORD, ELSEWHERE);
        try (FlockProcess writer = FlockProcess.hold(live, FlockMode.EXCLUSIVE)) {
            assertThat(flock().holders()).as("%d", writer.pid()).hasSize(1);
        }
        assertThat(stale).doesNotExist();
        assertThat(records()).containsExactlyInAnyOrder(other, noSuffix, live);
    }

    @Test
    void whatIsFromTheFutureIsNotTakenForYoung() throws Exception {
        Path left = record(".1-0123abcd", "{");
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().plus(Duration.ofHours(1))));
        assertThat(flock().holders()).isEmpty();
        assertThat(left).doesNotExist();
    }

    @Test
    void whatIsBeingWrittenIsLeftForAMinuteAndNotShown() throws Exception {
        Path young = record(".1-0123abcd", "{");
        Path old = record(".2-0123abcd", ELSEWHERE);
        Path slow = record(".3-0123abcd", ELSEWHERE);
        for (Path each : List.of(old, slow)) {
            Files.setLastModifiedTime(each, FileTime.from(Instant.now().minusSeconds(61)));
        }
        try (FlockProcess writer = FlockProcess.hold(slow, FlockMode.EXCLUSIVE)) {
            assertThat(flock().holders()).as("%d", writer.pid()).isEmpty();
            assertThat(records()).containsExactly(young, slow);
        }
        Environment later = Environment.system()
                .withClocks(Clock.offset(Clock.systemUTC(), Duration.ofSeconds(62)), System::nanoTime);
        assertThat(Flock.on(file, later, event -> {}).recordedIn(holders).holders())
                .isEmpty();
        assertThat(records()).isEmpty();
    }

    @Test
    void manyWhoLookAtOnceAgreeOnWhoIsThere() throws Exception {
        Path live = record("8-0123abcd", ELSEWHERE);
        try (FlockProcess writer = FlockProcess.hold(live, FlockMode.EXCLUSIVE)) {
            List<FutureTask<Boolean>> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int reader = i;
                readers.add(new FutureTask<>(() -> {
                    for (int round = 0; round < 50; round++) {
                        record(round + "-0000000" + reader, ELSEWHERE);
                        assertThat(flock().holders())
                                .as("%d", writer.pid())
                                .extracting(LockHolder::pid)
                                .containsExactly(7L);
                    }
                    return true;
                }));
            }
            readers.forEach(reader -> new Thread(reader).start());
            for (FutureTask<Boolean> reader : readers) {
                assertThat(reader.get(60, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(records()).containsExactly(live);
        }
    }

    // What others have written

    @Test
    void aHolderOfAnotherMachineIsNamedWithAllItSays() throws Exception {
        Path record = record(RECORD, ELSEWHERE);
        Environment noon = Environment.system()
                .withClocks(Clock.fixed(Instant.parse("2026-04-12T10:00:00Z"), ZoneOffset.UTC), System::nanoTime);
        List<KtstrEvent> events = new ArrayList<>();
        try (FlockProcess writer = FlockProcess.hold(record, FlockMode.EXCLUSIVE);
                FlockProcess holder = FlockProcess.hold(file, FlockMode.SHARED)) {
            LockTimeoutException late = assertThatExceptionOfType(LockTimeoutException.class)
                    .isThrownBy(() -> Flock.on(file, noon, events::add)
                            .recordedIn(holders)
                            .acquire(FlockMode.EXCLUSIVE, Duration.ofMillis(1300)))
                    .actual();

            String named = "\n  pid=7 cmd=java -jar x.jar, since 2026-04-12T09:58:00Z (2m ago), test FooIT,"
                    + " pid namespace 4026532512, container c0ffee, host bar";
            assertThat(late)
                    .hasMessageContaining("holders: \n  pid=" + holder.pid() + " cmd=flock ")
                    .hasMessageContaining(named);
            assertThat(late.holders()).hasSize(2).noneMatch(each -> each.pid() == writer.pid());
            assertThat(events)
                    .singleElement()
                    .satisfies(event -> assertThat(event.message())
                            .contains("held by:\n  pid=" + holder.pid())
                            .contains(named));
        }
    }

    @Test
    void whatSaysNothingIsShownByTheNumberInItsName() throws Exception {
        Path sparse = record("1-0123abcd", "");
        try (RandomAccessFile large = new RandomAccessFile(sparse.toFile(), "rw")) {
            large.setLength(1L << 30);
        }
        List<Path> odd = List.of(
                sparse,
                record("2-0123abcd", ""),
                record("3-0123abcd", "no JSON \u001B[2J"),
                record("4-0123abcd", "[".repeat(30_000)),
                record("5-0123abcd", "{\"x\":".repeat(10_000)),
                record("6-0123abcd", ELSEWHERE.replace('}', ' ')),
                record("7-0123abcd", "{\"pid\": 1" + "0".repeat(3000) + ", \"since\": 1, \"host\": {\"pid\": 5}}"),
                record(
                        "8-0123abcd",
                        "{\"pid\": \"9\", \"pid_ns\": [4], \"command\": 5, \"mode\": true, \"since\": \"now\"}"),
                record("9-0123abcd", "{\"pid\": -9, \"host\": null, \"command\": \" \", \"pid_ns\": 1.5}"));
        List<FlockProcess> writers = new ArrayList<>();
        try {
            for (Path each : odd) {
                writers.add(FlockProcess.hold(each, FlockMode.EXCLUSIVE));
            }
            List<LockHolder> found = flock().holders();

            assertThat(found).extracting(LockHolder::pid).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
            assertThat(found).allSatisfy(each -> {
                assertThat(each.command()).isEqualTo("<cmdline unavailable>");
                assertThat(each.since()).isNull();
                assertThat(each.host()).isNull();
            });
        } finally {
            for (FlockProcess writer : writers) {
                writer.close();
            }
        }
    }

    @Test
    void whatIsNoRegularFileIsNeitherFollowedNorWaitedForNorRemoved() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), ELSEWHERE);
        Path records = Files.createDirectories(holders.resolve("k.lock"));
        Path link = Files.createSymbolicLink(records.resolve(RECORD), secret);
        Path fifo = records.resolve("8-0123abcd");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        Path inside = Files.createDirectory(records.resolve("9-0123abcd"));
        try (FlockProcess writer = FlockProcess.hold(secret, FlockMode.EXCLUSIVE)) {
            assertThat(flock().holders()).as("%d", writer.pid()).isEmpty();
        }
        assertThat(records()).containsExactly(link, fifo, inside);
        assertThat(secret).exists();
    }

    @Test
    void nothingOfARecordDrivesATerminalOrBreaksALine() throws Exception {
        Path record = record(
                RECORD,
                "{\"command\": \"a\\u001b[2J\\nKT-OS-01\\u202e\\u0085\\u2028x\", \"host\": \"h\\r\", \"test\": \"t\\u0000\","
                        + " \"container\": \"c\\t\", \"since\": \"+1000000000-12-31T23:59:59Z\"}");
        try (FlockProcess writer = FlockProcess.hold(record, FlockMode.EXCLUSIVE)) {
            String line = LockHolder.describe(flock().holders(), Clock.systemUTC());

            assertThat(line)
                    .as("%d", writer.pid())
                    .isEqualTo("  pid=7 cmd=a\uFFFD[2J\uFFFDKT-OS-01\uFFFD\uFFFD\uFFFDx,"
                            + " since +1000000000-12-31T23:59:59Z, test t\uFFFD, container c , host h\uFFFD");
        }
    }

    @Test
    void longTextIsCut() throws Exception {
        Path record =
                record(RECORD, "{\"command\": \"" + "ß".repeat(5000) + "\", \"test\": \"" + "t".repeat(5000) + "\"}");
        try (FlockProcess writer = FlockProcess.hold(record, FlockMode.EXCLUSIVE)) {
            LockHolder holder = flock().holders().get(0);

            assertThat(holder.command())
                    .as("%d", writer.pid())
                    .hasSizeLessThan(110)
                    .endsWith("…");
            assertThat(Objects.requireNonNull(holder.test())).hasSizeLessThan(210);
        }
    }

    // One line per holder

    @Test
    void aHolderThatIsSeenAndHasARecordIsThereOnce() throws Exception {
        try (LockGuard one = flock().acquire(FlockMode.SHARED);
                LockGuard other = flock().acquire(FlockMode.SHARED);
                FlockProcess stranger = FlockProcess.hold(file, FlockMode.SHARED)) {
            assertThat(one.mode()).isEqualTo(other.mode());
            assertThat(records()).hasSize(2);
            assertThat(flock().holders())
                    .extracting(LockHolder::pid)
                    .containsExactlyInAnyOrder(ProcessHandle.current().pid(), stranger.pid());
            assertThat(flock().holders())
                    .filteredOn(each -> each.pid() != stranger.pid())
                    .singleElement()
                    .satisfies(own -> {
                        assertThat(own.since()).isNotNull();
                        assertThat(own.pidNamespace()).isNull();
                        assertThat(own.command()).isEqualTo(Processes.readCommand(own.pid()));
                    });
        }
    }

    @Test
    void aProcessThatHoldsItForTwoTestsIsThereForEach() throws Exception {
        try (LockGuard one = flock().forTest("AIT").acquire(FlockMode.SHARED);
                LockGuard again = flock().forTest("AIT").acquire(FlockMode.SHARED);
                LockGuard other = flock().forTest("BIT").acquire(FlockMode.SHARED)) {
            assertThat(one.mode()).isEqualTo(again.mode()).isEqualTo(other.mode());
            assertThat(flock().holders()).extracting(LockHolder::test).containsExactly("AIT", "BIT");
        }
    }

    @Test
    void aRecordOfThisNamespaceWhosePidHoldsNothingIsShownAsItIs() throws Exception {
        ThisProcess here = ThisProcess.here();
        Path record = record(
                RECORD,
                "{\"boot_id\": \"" + here.bootId() + "\", \"pid_ns\": " + here.pidNamespace()
                        + ", \"pid\": 7, \"command\": \"gone\", \"host\": \"" + here.host() + "\"}");
        try (FlockProcess writer = FlockProcess.hold(record, FlockMode.EXCLUSIVE);
                LockGuard ours = flock().acquire(FlockMode.SHARED)) {
            assertThat(ours.mode()).isEqualTo(FlockMode.SHARED);
            List<LockHolder> found = flock().holders();
            assertThat(found).as("%d", writer.pid()).hasSize(2);
            assertThat(LockHolder.describe(found.subList(1, 2), Clock.systemUTC()))
                    .isEqualTo("  pid=7 cmd=gone");
        }
    }

    @Test
    void withoutTheLockFileRecordsStillTell() throws Exception {
        Path record = record(RECORD, ELSEWHERE);
        try (FlockProcess writer = FlockProcess.hold(record, FlockMode.EXCLUSIVE)) {
            assertThat(file).as("%d", writer.pid()).doesNotExist();
            assertThat(flock().holders()).extracting(LockHolder::host).containsExactly("bar");
        }
    }
}
