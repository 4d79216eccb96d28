package dev.ktstr.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesystemsTest {
    @TempDir
    Path directory;

    @Test
    void exchangeSwapsTwoDirectoriesInOneStep() throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Path other = Files.createDirectory(directory.resolve("other"));
        Files.writeString(one.resolve("file"), "of one");
        Files.writeString(other.resolve("file"), "of other");
        FileStat before = FileStat.of(one).orElseThrow();

        Filesystems.exchange(one, other);

        assertThat(one.resolve("file")).hasContent("of other");
        assertThat(other.resolve("file")).hasContent("of one");
        assertThat(FileStat.of(other).orElseThrow().isSameFile(before)).isTrue();
    }

    @Test
    void exchangeSwapsThingsOfDifferentKinds() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "abc");
        Path full = Files.createDirectory(directory.resolve("full"));
        Files.writeString(full.resolve("x"), "x");

        Filesystems.exchange(file, full);

        assertThat(file).isDirectoryContaining("glob:**/x");
        assertThat(full).hasContent("abc");
    }

    @Test
    void exchangeNeedsBoth() throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Path absent = directory.resolve("absent");

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> Filesystems.exchange(one, absent))
                .withMessageContaining("renameat2 RENAME_EXCHANGE with " + absent + " of " + one)
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.ENOENT));
        assertThat(one).exists();
    }

    @Test
    void exchangeDoesNotCrossFilesystems() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(
                Files.isWritable(memory) && !Filesystems.typeAt(memory).equals(Filesystems.typeAt(directory)),
                "needs two file systems: /dev/shm and the one of the temporary directory");
        Path there = Files.createTempDirectory(memory, "ktstr");
        try {
            Path here = Files.createDirectory(directory.resolve("one"));
            assertThatExceptionOfType(OsException.class)
                    .isThrownBy(() -> Filesystems.exchange(here, there))
                    .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.EXDEV));
        } finally {
            Files.delete(there);
        }
    }

    @Test
    void renameReplacesAnEmptyDirectoryAndNoOther() throws Exception {
        Path one = Files.createDirectory(directory.resolve("one"));
        Files.writeString(one.resolve("file"), "of one");
        Path empty = Files.createDirectory(directory.resolve("empty"));
        Path full = Files.createDirectory(directory.resolve("full"));
        Files.writeString(full.resolve("file"), "of full");

        Filesystems.rename(one, empty);
        assertThat(empty.resolve("file")).hasContent("of one");
        assertThat(one).doesNotExist();

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> Filesystems.rename(empty, full))
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.ENOTEMPTY));
        assertThat(full.resolve("file")).hasContent("of full");
    }

    @Test
    void renameOfNothingSaysSo() {
        Path absent = directory.resolve("absent");

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> Filesystems.rename(absent, directory.resolve("to")))
                .withMessageContaining("rename to " + directory.resolve("to") + " from " + absent)
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void theTypeIsThatOfTheFilesystemAndEmptyWhereNothingIs() throws Exception {
        assertThat(Filesystems.typeAt(Path.of("/proc"))).contains(0x9fa0L);
        assertThat(Filesystems.typeAt(directory)).isPresent();
        assertThat(Filesystems.typeAt(directory.resolve("absent"))).isEmpty();
    }

    @Test
    void typesAreComparedAs32BitsWithoutSign() {
        byte[] statfs = new byte[Constants.STATFS_SIZE];
        ByteBuffer.wrap(statfs).order(ByteOrder.nativeOrder()).putLong(Constants.STATFS_TYPE, 0xffff_ffff_ff53_4d42L);

        assertThat(Filesystems.type(statfs)).isEqualTo(0xff53_4d42L);
    }
}
