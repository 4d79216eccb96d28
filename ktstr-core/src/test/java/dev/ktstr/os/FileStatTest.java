package dev.ktstr.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileStatTest {
    @TempDir
    Path directory;

    private static void assertSameAsTheJdk(Path path) throws Exception {
        Map<String, Object> attributes = Files.readAttributes(path, "unix:ino,mode,uid,gid,size,dev");
        FileStat stat = FileStat.of(path).orElseThrow();
        long dev = (Long) Objects.requireNonNull(attributes.get("dev")); // the encoding of makedev(3)

        assertThat(stat.inode()).isEqualTo(attributes.get("ino"));
        assertThat(stat.mode()).isEqualTo(attributes.get("mode"));
        assertThat(stat.owner()).isEqualTo(attributes.get("uid"));
        assertThat(stat.group()).isEqualTo(attributes.get("gid"));
        assertThat(stat.size()).isEqualTo(attributes.get("size"));
        assertThat((long) stat.deviceMajor()).isEqualTo((dev >> 8 & 0xfff) | (dev >> 32 & 0xffff_f000L));
        assertThat((long) stat.deviceMinor()).isEqualTo((dev & 0xff) | (dev >> 12 & 0xffff_ff00L));
        assertThat(stat.modifiedSeconds())
                .isEqualTo(Files.getLastModifiedTime(path).toInstant().getEpochSecond());
    }

    @Test
    void aFileADirectoryAndADeviceAreWhatTheJdkSaysTheyAre() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");

        assertSameAsTheJdk(file);
        assertSameAsTheJdk(directory);
        assertSameAsTheJdk(Path.of("/dev/null"));
        assertSameAsTheJdk(Path.of("/proc/self/status"));
    }

    /** The third is what umask 002 makes of a directory where every user has a group of their own. */
    @ParameterizedTest
    @CsvSource({
        "40755, 1000, 100, ",
        "40775, 1000, 100, its group",
        "40775, 1000, 1000, ",
        "40775, 0, 0, its group",
        "40777, 1000, 1000, all users",
        "40757, 1000, 100, all users"
    })
    void whoElseMayWriteIsKnown(String mode, int owner, int group, @Nullable String others) {
        FileStat stat = new FileStat(0, 0, 0, Integer.parseInt(mode, 8), owner, group, 0, 0, 0, 0);

        assertThat(stat.otherWriters()).isEqualTo(Optional.ofNullable(others));
    }

    @Test
    void kindsAreToldApart() throws Exception {
        FileStat file =
                FileStat.of(Files.writeString(directory.resolve("file"), "abc")).orElseThrow();
        FileStat top = FileStat.of(directory).orElseThrow();
        FileStat device = FileStat.of(Path.of("/dev/null")).orElseThrow();

        assertThat(file.isRegularFile()).isTrue();
        assertThat(file.isDirectory()).isFalse();
        assertThat(top.isRegularFile()).isFalse();
        assertThat(top.isDirectory()).isTrue();
        assertThat(device.isRegularFile()).isFalse();
        assertThat(device.isDirectory()).isFalse();
    }

    @Test
    void nothingThereIsEmptyAndSoIsAFileInTheWay() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");

        assertThat(FileStat.of(directory.resolve("absent"))).isEmpty();
        assertThat(FileStat.of(directory.resolve("absent/below"))).isEmpty();
        assertThat(FileStat.of(file.resolve("below"))).isEmpty();
        assertThat(FileStat.ofLink(directory.resolve("absent"))).isEmpty();
    }

    @Test
    void linksAreFollowedUnlessAskedForThemselves() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("absent"));

        assertThat(FileStat.of(link).orElseThrow().isSameFile(FileStat.of(file).orElseThrow()))
                .isTrue();
        FileStat itself = FileStat.ofLink(link).orElseThrow();
        assertThat(itself.isRegularFile()).isFalse();
        assertThat(itself.inode()).isEqualTo(Files.getAttribute(link, "unix:ino", LinkOption.NOFOLLOW_LINKS));
        assertThat(FileStat.of(dangling)).isEmpty();
        assertThat(FileStat.ofLink(dangling)).isPresent();
    }

    @Test
    void aLoopOfLinksIsAFailureWithItsErrno() throws Exception {
        Path loop = directory.resolve("loop");
        Files.createSymbolicLink(loop, loop);

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> FileStat.of(loop))
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.ELOOP))
                .withMessageContaining("stat " + loop + ": is a symbolic link, or too many of them (ELOOP)");
    }

    @Test
    void aNameThatIsTooLongIsAFailureWithItsErrno() {
        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> FileStat.of(directory.resolve("x".repeat(256))))
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.ENAMETOOLONG));
    }

    @Test
    void hardLinksAreTheSameFileAndCopiesAreNot() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Path hard = Files.createLink(directory.resolve("hard"), file);
        Path copy = Files.copy(file, directory.resolve("copy"));
        FileStat stat = FileStat.of(file).orElseThrow();

        assertThat(stat.isSameFile(FileStat.of(hard).orElseThrow())).isTrue();
        assertThat(stat.isSameFile(FileStat.of(copy).orElseThrow())).isFalse();
        assertThat(stat.isSameFile(FileStat.of(Path.of("/proc/self/status")).orElseThrow()))
                .isFalse();
    }

    @Test
    void holesAreCountedInTheSizeAndNotInWhatIsAllocated() throws Exception {
        Path sparse = directory.resolve("sparse");
        long size = 5L << 30;
        try (FileChannel file = FileChannel.open(
                sparse, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.SPARSE)) {
            file.write(ByteBuffer.wrap("end".getBytes(UTF_8)), size - 3);
        }
        FileStat stat = FileStat.of(sparse).orElseThrow();

        assertThat(stat.size()).isEqualTo(size);
        assertThat(stat.allocated()).isLessThan(1 << 20);
    }

    @Test
    void timesBefore1970AreNegativeAndRoundedDown() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Process touch = new ProcessBuilder("touch", "-d", "@-99.5", file.toString()).start();
        assertThat(touch.waitFor()).isZero();

        assertThat(FileStat.of(file).orElseThrow().modifiedSeconds()).isEqualTo(-100);
    }

    @Test
    void anOpenFileIsTheOneThatWasOpenedWhateverTheNameIsNow() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        FileStat before = FileStat.of(file).orElseThrow();
        try (Fd fd = Fd.openForReading(file)) {
            Files.delete(file);
            Files.writeString(file, "other");

            assertThat(fd.stat()).isEqualTo(before);
            assertThat(FileStat.of(file).orElseThrow().isSameFile(fd.stat())).isFalse();
        }
    }
}
