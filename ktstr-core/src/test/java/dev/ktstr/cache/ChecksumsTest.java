package dev.ktstr.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChecksumsTest {
    private static final String OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @TempDir
    Path directory;

    @Test
    void theChecksumOfAFileIsThatOfItsBytes() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "abc");

        assertThat(Checksums.sha256(file)).isEqualTo(OF_ABC);
        assertThat(Checksums.sha256OfSparse(file)).isEqualTo(OF_ABC);
        assertThat(Checksums.sha256("abc".getBytes(UTF_8))).isEqualTo(OF_ABC);
    }

    /** Holes before, between and behind the data, or nothing but holes, or nothing at all. */
    @ParameterizedTest
    @CsvSource({
        "0, -1, -1",
        "1, -1, -1",
        "10000000, -1, -1",
        "10000000, 0, -1",
        "10000000, 9999999, -1",
        "10000000, 0, 9999999",
        "10000000, 5000000, 7000001",
        "200000, 70000, 199999"
    })
    void holesCountAsTheZerosThatTheyReadAs(int size, long first, long second) throws IOException {
        Path file = directory.resolve("file");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
            for (long at : new long[] {first, second}) {
                if (at >= 0) {
                    sparse.seek(at);
                    sparse.write('x');
                }
            }
        }

        assertThat(Checksums.sha256OfSparse(file)).isEqualTo(Checksums.sha256(Files.readAllBytes(file)));
    }
}
