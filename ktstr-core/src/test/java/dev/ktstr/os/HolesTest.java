package dev.ktstr.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HolesTest {
    private static final int BLOCK = 4096;

    @TempDir
    Path directory;

    private void dig(Path file) throws Exception {
        try (Fd fd = Fd.openForWriting(file)) {
            Holes.dig(fd, Files.size(file));
            fd.fsync();
        }
    }

    private static long allocated(Path file) throws Exception {
        return FileStat.of(file).orElseThrow().allocated();
    }

    @Test
    void longRunsOfZerosAreGivenBackAndNothingElse() throws Exception {
        byte[] content = new byte[900 * BLOCK];
        content[256 * BLOCK] = 1; // the first byte of a block, with 1 MiB before it
        content[513 * BLOCK + BLOCK - 1] = 1; // the last byte of one
        content[769 * BLOCK + 7] = 1; // a block less than 1 MiB
        Path file = Files.write(directory.resolve("file"), content);

        dig(file);

        assertThat(file).hasBinaryContent(content);
        assertThat(allocated(file)).isEqualTo((1 + 1 + 255 + 1 + 130) * BLOCK);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4097, 3_000_001})
    void filesOfEverySizeKeepTheirBytes(int size) throws Exception {
        byte[] content = new byte[size];
        SplittableRandom random = new SplittableRandom(size);
        for (int i = 0; i < size / 50_000; i++) {
            content[random.nextInt(size)] = 1;
        }
        Path file = Files.write(directory.resolve("file"), content);

        dig(file);

        assertThat(file).hasBinaryContent(content);
    }

    @Test
    void whatWasOnlyReservedIsGivenBack() throws Exception {
        Path file = directory.resolve("file");
        assertThat(new ProcessBuilder("fallocate", "-l", "8M", file.toString())
                        .start()
                        .waitFor())
                .isZero();

        dig(file);

        assertThat(allocated(file)).isZero();
        assertThat(Files.size(file)).isEqualTo(8 << 20);
    }
}
