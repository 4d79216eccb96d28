package dev.ktstr.lock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.ktstr.os.FileStat;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProcLocksTest {
    private static final long SEED = Long.getLong("ktstr.seed", 20261121);
    private static final String NEEDLE = "fd:01:90210";

    @TempDir
    Path directory;

    private static Map<Long, FlockMode> parse(String... lines) {
        return ProcLocks.parse(String.join("\n", lines) + "\n").getOrDefault(NEEDLE, Map.of());
    }

    private static List<LockHolder> holders(Path file) {
        return Flock.on(file).holders();
    }

    @Test
    void onlyGrantedFlocksOfTheFileCount() {
        assertThat(parse(
                        "7: FLOCK  ADVISORY  WRITE 4711 fd:01:90210 0 EOF",
                        "7: -> FLOCK  ADVISORY  WRITE 4712 fd:01:90210 0 EOF",
                        "8: POSIX  ADVISORY  READ  815 fd:01:90210 128 255",
                        "9: OFDLCK ADVISORY  READ  816 fd:01:90210 0 EOF",
                        "10: LEASE  ACTIVE    READ  817 fd:01:90210 0 EOF",
                        "11: FLOCK  ADVISORY  WRITE 818 fd:01:90211 0 EOF",
                        "12: FLOCK  ADVISORY  WRITE 819 fd:02:90210 0 EOF",
                        "13: FLOCK  ADVISORY  WRITE 820 0fd:01:90210 0 EOF"))
                .containsExactly(entry(4711L, FlockMode.EXCLUSIVE));
    }

    /** The kernel shows it page by page, and what is released meanwhile hides what comes behind it. */
    @Test
    void whatALongListHidesTheFirstTimeIsFoundTheSecondTime() throws Exception {
        List<String> lines = IntStream.range(1, 100)
                .mapToObj(i -> i + ": FLOCK  ADVISORY  WRITE " + i + " fd:01:" + i + " 0 EOF\n")
                .toList();
        String shown = String.join("", lines);
        Iterator<String> readings =
                List.of(shown.replace(lines.get(70), ""), shown).iterator();

        assertThat(ProcLocks.read(readings::next)).hasSize(99);
        assertThat(readings.hasNext()).isFalse();
        Iterator<String> one = List.of(lines.get(0)).iterator();
        assertThat(ProcLocks.read(one::next)).hasSize(1);
    }

    @Test
    void sharedHoldersComeInTheOrderOfTheLinesAndOnceEach() {
        assertThat(parse(
                        "1: FLOCK  ADVISORY  READ 30 fd:01:90210 0 EOF",
                        "2: FLOCK  ADVISORY  READ 10 fd:01:90210 0 EOF",
                        "3: FLOCK  ADVISORY  READ 30 fd:01:90210 0 EOF",
                        "4: FLOCK  ADVISORY  READ 20 fd:01:90210 0 EOF"))
                .containsExactly(
                        entry(30L, FlockMode.SHARED), entry(10L, FlockMode.SHARED), entry(20L, FlockMode.SHARED));
    }

    @ParameterizedTest
    @CsvSource({"READ, SHARED", "WRITE, EXCLUSIVE", "RW, EXCLUSIVE", "NONE, EXCLUSIVE", "read, EXCLUSIVE"})
    void anUnknownModeCountsAsExclusive(String word, FlockMode mode) {
        assertThat(parse("1: FLOCK  ADVISORY  " + word + " 30 fd:01:90210 0 EOF"))
                .containsExactly(entry(30L, mode));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "   ",
                "garbage",
                "7: FLOCK",
                "7: FLOCK ADVISORY WRITE 4711",
                "7: FLOCK ADVISORY WRITE -1 fd:01:90210 0 EOF",
                "7: FLOCK ADVISORY WRITE x fd:01:90210 0 EOF",
                "7: FLOCK ADVISORY WRITE 99999999999999999999 fd:01:90210 0 EOF",
                "7: FLOCK ADVISORY WRITE ٣ fd:01:90210 0 EOF",
                "7: flock ADVISORY WRITE 4711 fd:01:90210 0 EOF",
                "FLOCK ADVISORY WRITE 4711 fd:01:90210 0 EOF",
                "7: FLOCK ADVISORY WRITE fd:01:90210 4711 0 EOF",
            })
    void linesOfAnotherFormArePassedOver(String line) {
        assertThat(parse(line)).isEmpty();
        assertThat(parse(line, "8: FLOCK ADVISORY WRITE 4711 fd:01:90210 0 EOF"))
                .containsExactly(entry(4711L, FlockMode.EXCLUSIVE));
    }

    @Test
    void noTextHasNoHolders() {
        assertThat(ProcLocks.parse("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "253, 1, 90210, fd:01:90210",
        "0, 42, 77, 00:2a:77",
        "8, 16, 1, 08:10:1",
        "259, 4660, 5, 103:1234:5",
        "0, 0, -1, 00:00:18446744073709551615",
    })
    void theNeedleIsWrittenAsTheKernelPrintsIt(int major, int minor, long inode, String needle) {
        assertThat(ProcLocks.needle(major, minor, inode)).isEqualTo(needle);
    }

    @Test
    void anyTextParses() {
        String[] words = {"FLOCK", "POSIX", "->", "READ", "WRITE", "ADVISORY", "12", "-1", NEEDLE, "\n", "\t", "7:", "x"
        };
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 5_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(60); n > 0; n--) {
                text.append(words[random.nextInt(words.length)]).append(random.nextBoolean() ? " " : "");
            }
            assertThat(ProcLocks.parse(text.toString())
                            .getOrDefault(NEEDLE, Map.of())
                            .keySet())
                    .allMatch(pid -> pid >= 0);
        }
    }

    @Test
    void anAbsentOrUnlockedFileHasNoHolders() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");

        assertThat(holders(directory.resolve("absent"))).isEmpty();
        assertThat(holders(file)).isEmpty();
    }

    @Test
    void ourOwnLockIsFoundWithOurPidAndCommand() throws Exception {
        Path file = directory.resolve("file");
        try (LockGuard guard = Flock.on(file).acquire(FlockMode.SHARED)) {
            assertThat(holders(guard.lockFile())).singleElement().satisfies(holder -> {
                assertThat(holder.pid()).isEqualTo(ProcessHandle.current().pid());
                assertThat(holder.mode()).isEqualTo(FlockMode.SHARED);
                assertThat(holder.command()).contains("java");
            });
        }
        assertThat(holders(file)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"EXCLUSIVE", "SHARED"})
    void anotherProcessIsFoundWithPidModeAndCommand(FlockMode mode) throws Exception {
        Path file = directory.resolve("file with space-größe");
        try (FlockProcess child = FlockProcess.hold(file, mode)) {
            assertThat(holders(file)).singleElement().satisfies(holder -> {
                assertThat(holder.pid()).isEqualTo(child.pid());
                assertThat(holder.mode()).isEqualTo(mode);
                assertThat(holder.command()).startsWith("flock ").contains(file.toString());
            });
        }
    }

    @Test
    void everySharedHolderIsFoundAlsoThroughALinkToTheDirectory() throws Exception {
        Path real = Files.createDirectory(directory.resolve("real"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);
        try (FlockProcess one = FlockProcess.hold(real.resolve("file"), FlockMode.SHARED);
                FlockProcess other = FlockProcess.hold(real.resolve("file"), FlockMode.SHARED)) {
            assertThat(holders(link.resolve("file")))
                    .extracting(LockHolder::pid)
                    .containsExactlyInAnyOrder(one.pid(), other.pid());
        }
    }

    @Test
    void aRecordLockOfTheJdkIsNoHolder() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            assertThat(holders(file)).isEmpty();
        }
    }

    @Test
    void theNeedleOfARealFileIsInProcLocks() throws Exception {
        Path file = directory.resolve("file");
        try (LockGuard guard = Flock.on(file).acquire(FlockMode.EXCLUSIVE)) {
            MountInfo.Mount mount = MountInfo.read()
                    .covering(guard.lockFile().toRealPath().toString().getBytes(UTF_8))
                    .orElseThrow();
            String needle = ProcLocks.needle(
                    mount.major(),
                    mount.minor(),
                    FileStat.of(file).orElseThrow().inode());

            assertThat(Files.readString(Path.of("/proc/locks"))).contains(" " + needle + " ");
        }
    }

    @Test
    void longCommandLinesAreCutAndOddOnesKeepTheirCharacters() throws Exception {
        String argument = "ß🐧".repeat(60);
        Process child = new ProcessBuilder("sh", "-c", "echo started; read line", argument, "two words").start();
        try {
            assertThat(child.inputReader().readLine()).isEqualTo("started");
            String command = Processes.readCommand(child.pid());

            assertThat(command)
                    .startsWith("sh -c echo started; read line ß🐧ß🐧")
                    .endsWith("…");
            assertThat(command.codePointCount(0, command.length())).isEqualTo(101);
        } finally {
            child.destroyForcibly();
            assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aProcessThatIsGoneOrHasNoCommandLineIsCalledUnavailable() throws Exception {
        Process child = new ProcessBuilder("true").start();
        child.waitFor();

        assertThat(Processes.readCommand(child.pid())).isEqualTo("<cmdline unavailable>");
        assertThat(Processes.readCommand(Integer.MAX_VALUE)).isEqualTo("<cmdline unavailable>");
    }
}
