package dev.ktstr.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileCopyTest {
    @TempDir
    Path directory;

    private Path random(String name, int size) throws Exception {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return Files.write(directory.resolve(name), content);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 5_000_001})
    void theCopyHasTheSameBytes(int size) throws Exception {
        Path source = random("source", size);
        Path target = directory.resolve("target");

        FileCopy.copy(source, target);

        assertThat(target).hasSameBinaryContentAs(source);
    }

    @Test
    void theCopyIsAFileOfItsOwn() throws Exception {
        Path source = random("source", 10_000);
        byte[] before = Files.readAllBytes(source);
        Path target = directory.resolve("target");

        FileCopy.copy(source, target);
        Files.write(source, new byte[10_000]);

        assertThat(target).hasBinaryContent(before);
    }

    @Test
    void aSparseFileIsCopiedWhole() throws Exception {
        Path source = directory.resolve("source");
        byte[] words = {'k', 't', 's', 't', 'r'};
        try (FileChannel file = FileChannel.open(
                source, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.SPARSE)) {
            file.write(ByteBuffer.wrap(words), 1 << 20);
            file.write(ByteBuffer.wrap(words), (16 << 20) - words.length);
        }
        Path target = directory.resolve("target");

        FileCopy.copy(source, target);

        assertThat(Files.mismatch(source, target)).isEqualTo(-1);
    }

    @Test
    void aFileThatTheKernelMakesUpIsCopiedThroughMemory() throws Exception {
        Path source = Path.of("/proc/version"); // says that it has 0 bytes
        Path target = directory.resolve("target");

        FileCopy.copy(source, target);

        assertThat(target).hasBinaryContent(Files.readAllBytes(source));
        assertThat(target).isNotEmptyFile();
    }

    @Test
    void anAttributeOfTheKernelIsCopiedThroughMemory() throws Exception {
        Path source = Path.of("/sys/kernel/mm/transparent_hugepage/enabled"); // says that it has 4096 bytes
        assumeTrue(Files.isReadable(source), "there is no " + source);
        Path target = directory.resolve("target");

        FileCopy.copy(source, target);

        assertThat(target).hasBinaryContent(Files.readAllBytes(source));
    }

    @Test
    void aCopyAcrossFilesystemsHasTheSameBytes() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "/dev/shm is not writable");
        Path there = Files.createTempDirectory(memory, "ktstr");
        try {
            Path source = random("source", 3_000_003);
            FileCopy.copy(source, there.resolve("target"));
            assertThat(there.resolve("target")).hasSameBinaryContentAs(source);
            FileCopy.copy(there.resolve("target"), directory.resolve("back"));
            assertThat(directory.resolve("back")).hasSameBinaryContentAs(source);
        } finally {
            try (Stream<Path> all = Files.walk(there)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    void aTargetThatIsThereIsRefusedAndStaysAsItIs() throws Exception {
        Path source = random("source", 100);
        Path target = Files.writeString(directory.resolve("target"), "mine");

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> FileCopy.copy(source, target))
                .withMessageContaining("create " + target)
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.EEXIST));
        assertThat(target).hasContent("mine");
    }

    @Test
    void aSourceThatIsAbsentLeavesNoTarget() {
        Path target = directory.resolve("target");

        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> FileCopy.copy(directory.resolve("absent"), target))
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.ENOENT));
        assertThat(target).doesNotExist();
    }

    @Test
    void aDirectoryCannotBeCopied() {
        assertThatExceptionOfType(OsException.class)
                .isThrownBy(() -> FileCopy.copy(directory, directory.resolve("target")))
                .satisfies(failure -> assertThat(failure.errno()).isEqualTo(Errno.EISDIR));
    }
}
