package dev.ktstr.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FdTest {
    private static final int O_CLOEXEC = 02000000;

    @TempDir
    Path directory;

    private static void assertFails(Errno errno, ThrowingCallable call) {
        assertThatExceptionOfType(OsException.class)
                .isThrownBy(call)
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(errno));
    }

    private static int flagsOf(Fd fd) throws Exception {
        return Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd.number())).stream()
                .filter(line -> line.startsWith("flags:"))
                .map(line -> Integer.parseInt(line.substring(6).strip(), 8))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyWayToOpenSetsCloseOnExec() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        try (Fd reading = Fd.openForReading(file);
                Fd present = Fd.openIfPresent(file).orElseThrow();
                Fd created = Fd.create(directory.resolve("new")).orElseThrow();
                Fd top = Fd.openDirectory(directory);
                Fd below = top.openAt("file")) {
            for (Fd fd : new Fd[] {reading, present, created, top, below}) {
                assertThat(flagsOf(fd) & O_CLOEXEC).as("%s", fd.path()).isEqualTo(O_CLOEXEC);
            }
        }
    }

    @Test
    void anAbsentFileIsEmptyWhereThatIsExpectedAndAFailureElsewhere() throws Exception {
        assertThat(Fd.openIfPresent(directory.resolve("absent"))).isEmpty();
        assertFails(Errno.ENOENT, () -> Fd.openForReading(directory.resolve("absent")));
        assertFails(Errno.ENOENT, () -> Fd.openDirectory(directory.resolve("absent")));
        assertFails(Errno.ENOENT, () -> Fd.create(directory.resolve("absent/new")));
    }

    @Test
    void aFailureNamesTheCallThePathAndTheReason() {
        Path absent = directory.resolve("absent");

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> Fd.openForReading(absent))
                .withMessageStartingWith("KT-OS-01  open " + absent + ": no such file or directory (ENOENT)")
                .satisfies(failure -> assertThat(failure.path()).contains(absent))
                .withMessageContaining("check that the path exists");
    }

    @Test
    void creatingIsExclusive() throws Exception {
        Path file = directory.resolve("new");
        try (Fd created = Fd.create(file).orElseThrow()) {
            assertThat(Fd.create(file)).isEmpty();
            assertThat(created.stat().size()).isZero();
        }
        Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("target"));
        assertThat(Fd.create(dangling)).isEmpty();
        assertThat(directory.resolve("target")).doesNotExist();
    }

    @Test
    void aSymbolicLinkIsRefusedWhereNoneIsExpected() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);

        assertFails(Errno.ELOOP, () -> Fd.openIfPresent(link));
        try (Fd followed = Fd.openForReading(link)) {
            assertThat(followed.readAll(100)).isEqualTo("abc".getBytes(UTF_8));
        }
    }

    @Test
    void aFileIsNoDirectory() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");

        assertFails(Errno.ENOTDIR, () -> Fd.openDirectory(file));
        assertFails(Errno.ENOTDIR, () -> Fd.openForReading(file.resolve("below")));
    }

    @Test
    void everythingBelowADirectoryIsReadThroughItsDescriptorAfterARename() throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Files.writeString(one.resolve("file"), "of one");
        try (Fd fd = Fd.openDirectory(one)) {
            Files.move(one, directory.resolve("away"));
            Files.createDirectory(one);
            Files.writeString(one.resolve("file"), "of another");

            try (Fd file = fd.openAt("file")) {
                assertThat(file.readAll(100)).isEqualTo("of one".getBytes(UTF_8));
            }
            assertThat(fd.statAt("file").orElseThrow().size()).isEqualTo(6);
            assertThat(fd.statAt("absent")).isEmpty();
            assertThat(fd.statAt("file/below")).isEmpty();
            assertFails(Errno.ENOENT, () -> fd.openAt("absent"));
        }
    }

    @Test
    void namesOutsideAsciiWorkBelowADescriptor() throws Exception {
        Files.writeString(directory.resolve("größe-日本"), "abc");
        try (Fd top = Fd.openDirectory(directory);
                Fd file = top.openAt("größe-日本")) {
            assertThat(file.readAll(100)).isEqualTo("abc".getBytes(UTF_8));
        }
    }

    @Test
    void readingStopsAtTheEndAndAtTheLimit() throws Exception {
        byte[] content = new byte[20_000];
        Arrays.fill(content, (byte) 'x');
        Path file = Files.write(directory.resolve("file"), content);
        try (Fd fd = Fd.openForReading(file)) {
            assertThat(fd.readAll(content.length)).isEqualTo(content);
            assertThat(fd.readAll(0)).isEmpty();
        }
        try (Fd fd = Fd.openForReading(file)) {
            assertFails(Errno.EINVAL, () -> fd.readAll(content.length - 1));
        }
        try (Fd fd = Fd.openForReading(Path.of("/proc/self/status"))) {
            assertThat(new String(fd.readAll(1 << 20), UTF_8)).contains("\nPid:");
        }
        try (Fd fd = Fd.openDirectory(directory)) {
            assertFails(Errno.EISDIR, () -> fd.readAll(100));
        }
    }

    @Test
    void twoDescriptorsOfOneFileExcludeEachOtherAndUnlockGivesBack() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        try (Fd one = Fd.openForReading(file);
                Fd other = Fd.openForReading(file)) {
            assertThat(one.tryFlock(true)).isTrue();
            assertThat(one.tryFlock(true)).isTrue();
            assertThat(other.tryFlock(true)).isFalse();
            assertThat(other.tryFlock(false)).isFalse();
            one.unlock();
            assertThat(other.tryFlock(false)).isTrue();
            assertThat(one.tryFlock(false)).isTrue();
            assertThat(one.tryFlock(true)).isFalse();
        }
    }

    @Test
    void modesAreSetWhateverTheUmaskIs() throws Exception {
        Path file = directory.resolve("new");
        try (Fd fd = Fd.create(file).orElseThrow()) {
            fd.chmod(0666);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-rw-rw-");
            fd.chmod(0400);
            assertThat(fd.stat().mode() & 07777).isEqualTo(0400);
        }
    }

    @Test
    void filesAndDirectoriesCanBeForcedToDisk() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        try (Fd fd = Fd.openForReading(file);
                Fd top = Fd.openDirectory(directory)) {
            fd.fsync();
            top.fsync();
        }
    }

    @Test
    void theFilesystemOfADescriptorIsThatOfItsPath() throws Exception {
        try (Fd here = Fd.openDirectory(directory);
                Fd proc = Fd.openDirectory(Path.of("/proc"))) {
            assertThat(Optional.of(here.filesystemType())).isEqualTo(Filesystems.typeAt(directory));
            assertThat(proc.filesystemType()).isEqualTo(0x9fa0);
        }
    }

    @Test
    void closingAgainDoesNothingAlsoWhenTheNumberIsInUseAgain() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Fd fd = Fd.openForReading(file);
        fd.close();
        try (Fd next = Fd.openForReading(file)) {
            fd.close();
            assertThat(next.readAll(100)).isEqualTo("abc".getBytes(UTF_8));
        }
        assertFails(Errno.EBADF, fd::fsync);
    }

    @Test
    void aCloseThatFailsIsTellingOnlyOfWhatWasWritten() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Fd read = Fd.openForReading(file);
        Fd written = Fd.createNew(directory.resolve("written"));
        for (Fd each : new Fd[] {read, written}) {
            Fd.of(each.number(), file).close(); // behind its back
        }

        read.close();
        assertFails(Errno.EBADF, written::close);
    }

    // Below a directory

    @Test
    void whatIsBelowADirectoryIsMadeRenamedAndRemovedByName() throws Exception {
        try (Fd top = Fd.openDirectoryIfPresent(directory).orElseThrow()) {
            assertThat(top.openDirectoryAt("inner")).isEmpty();
            assertThat(top.makeDirectoryAt("inner")).isTrue();
            assertThat(top.makeDirectoryAt("inner")).isFalse();
            try (Fd inner = top.openDirectoryAt("inner").orElseThrow();
                    Fd file = inner.createAt("a").orElseThrow()) {
                assertThat(flagsOf(inner) & flagsOf(file) & O_CLOEXEC).isEqualTo(O_CLOEXEC);
                assertThat(inner.createAt("a")).isEmpty();
                file.write("text".getBytes(UTF_8));
                inner.renameAt("a", "b");
                assertThat(directory.resolve("inner/b")).hasContent("text");
                assertThat(inner.removeAt("b")).isTrue();
                assertThat(inner.removeAt("b")).isFalse();
                assertFails(Errno.ENOENT, () -> inner.renameAt("a", "b"));
            }
            assertFails(Errno.EISDIR, () -> top.removeAt("inner"));
        }
        assertThat(directory.resolve("inner")).isEmptyDirectory();
    }

    @Test
    void aLinkIsNoDirectory() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
        try (Fd top = Fd.openDirectory(directory)) {
            assertFails(Errno.ENOTDIR, () -> top.openDirectoryAt("link"));
            assertFails(Errno.ENOTDIR, () -> top.openDirectoryAt(link));
            assertThat(top.removeAt(link)).isTrue();
            assertThat(top.removeDirectoryAt(link)).isFalse();
        }
        Files.createSymbolicLink(link, directory);
        assertFails(Errno.ENOTDIR, () -> Fd.openDirectoryIfPresent(link));
        assertThat(Fd.openDirectoryIfPresent(directory.resolve("absent"))).isEmpty();
    }

    @Test
    void writebackIsBegunWhereThatCanBeAndHarmlessElsewhere() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        try (Fd fd = Fd.openForReading(file);
                Fd top = Fd.openDirectory(directory);
                Fd device = Fd.openForReading(Path.of("/dev/null"))) {
            fd.beginWriteback();
            top.beginWriteback();
            device.beginWriteback();
        }
        assertThat(file).hasContent("abc");
    }
}
