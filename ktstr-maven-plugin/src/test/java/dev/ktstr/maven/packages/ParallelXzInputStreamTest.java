package dev.ktstr.maven.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZInputStream;
import org.tukaani.xz.XZOutputStream;

@Timeout(60)
class ParallelXzInputStreamTest {
    private static final byte[] PLAIN = Debs.random(1_000_003, 4);

    @TempDir
    private Path directory;

    /** On success, failure and interrupt: whoever has closed the stream has no thread left. */
    @AfterEach
    void noThreadIsLeft() {
        assertThat(workers()).isEmpty();
    }

    private static Stream<Thread> workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().equals("ktstr-xz"));
    }

    private FileSlice slice(byte[] xz) throws IOException {
        Path file = Files.write(Files.createTempFile(directory, "x", ".xz"), xz);
        return new FileSlice(FileChannel.open(file), 0, xz.length);
    }

    private InputStream open(byte[] xz) throws IOException {
        return XzBlocks.open(slice(xz), new Origin(Path.of("x.deb")), true);
    }

    private ParallelXzInputStream parallel(byte[] xz, int count, int largest, int threads) throws IOException {
        return new ParallelXzInputStream(new XzBlocks(slice(xz), count, largest), threads);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void deliversBlocksInTheirOrder(int threads) throws IOException {
        byte[] xz = Debs.xzInBlocks(PLAIN, 30_000);
        try (InputStream in = parallel(xz, 34, 30_000, threads)) {
            assertThat(in.readAllBytes()).isEqualTo(PLAIN);
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @Test
    void readsOneByteAndSkips() throws IOException {
        try (InputStream in = parallel(Debs.xzInBlocks(PLAIN, 30_000), 34, 30_000, 2)) {
            assertThat(in.read()).isEqualTo(Byte.toUnsignedInt(PLAIN[0]));
            in.skipNBytes(500_000);
            assertThat(in.read()).isEqualTo(Byte.toUnsignedInt(PLAIN[500_001]));
        }
    }

    @Test
    void takesSeveralThreadsOnlyForSeveralBlocksOfModerateSize() throws IOException {
        try (InputStream one = open(Debs.xzInBlocks(PLAIN, PLAIN.length));
                InputStream several = open(Debs.xzInBlocks(PLAIN, 100_000));
                InputStream large = open(Debs.xzInBlocks(new byte[100 << 20], 50 << 20))) {
            assertThat(one).isInstanceOf(XZInputStream.class);
            assertThat(large).isInstanceOf(XZInputStream.class);
            if (Runtime.getRuntime().availableProcessors() > 1) {
                assertThat(several).isInstanceOf(ParallelXzInputStream.class);
            }
            assertThat(one.readAllBytes()).isEqualTo(PLAIN);
            assertThat(several.readAllBytes()).isEqualTo(PLAIN);
        }
    }

    @Test
    void readsStreamsOneAfterTheOther() throws IOException {
        byte[] one = Debs.xzInBlocks(PLAIN, 300_000);
        byte[] two = Arrays.copyOf(one, 2 * one.length);
        System.arraycopy(one, 0, two, one.length, one.length);
        try (InputStream in = open(two)) {
            assertThat(in.readNBytes(PLAIN.length)).isEqualTo(PLAIN);
            assertThat(in.readAllBytes()).isEqualTo(PLAIN);
        }
    }

    @Test
    void seesTheFirstCutAtOnce() throws IOException {
        byte[] xz = Debs.xzInBlocks(PLAIN, 30_000);
        assertThatThrownBy(() -> open(Arrays.copyOf(xz, xz.length - 4))).isInstanceOf(IOException.class);
    }

    /** In the first, the last and a middle block; in its data and in its checksum. */
    @ParameterizedTest
    @ValueSource(ints = {100, 30_060, 500_000, 1_000_600})
    void noticesDamage(int at) throws IOException {
        byte[] xz = Debs.xzInBlocks(PLAIN, 30_000);
        xz[at] ^= 1;
        try (InputStream in = parallel(xz, 34, 30_000, 2)) {
            assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
        }
    }

    @Test
    void endsItsThreadsWhenItIsClosedEarly() throws IOException {
        byte[] plain = new byte[64 << 20];
        try (InputStream in = parallel(Debs.xzInBlocks(plain, 16 << 20), 4, 16 << 20, 2)) {
            assertThat(in.read()).isZero();
            assertThat(workers()).isNotEmpty();
        }
        noThreadIsLeft();
    }

    @Test
    void endsItsThreadsWhenItIsInterrupted() throws IOException {
        byte[] xz = Debs.xzInBlocks(new byte[64 << 20], 16 << 20);
        try (InputStream in = parallel(xz, 4, 16 << 20, 2)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(in::read).isInstanceOf(InterruptedIOException.class);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            assertThat(Thread.interrupted()).as("still so after close").isTrue();
        }
    }

    @Test
    void endsItsThreadsWhenThereIsNoMemoryForAllBuffers() throws IOException {
        XzBlocks blocks = new XzBlocks(slice(Debs.xzInBlocks(PLAIN, 30_000)), 34, 30_000);
        AtomicInteger made = new AtomicInteger();
        assertThatThrownBy(() -> new ParallelXzInputStream(blocks, 3, () -> {
                    if (made.incrementAndGet() > 2) {
                        throw new OutOfMemoryError("made up");
                    }
                    return new byte[30_000];
                }))
                .hasMessage("made up");
        noThreadIsLeft();
    }

    /** The first block alone tells whether threads are worth it; a later one may take more memory than a thread has. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 33})
    void goesOnAloneWhereABlockTakesMoreMemory(int large) throws IOException {
        byte[] xz = largerFrom(large);
        try (InputStream in = parallel(xz, 34, 30_000, 2)) {
            assertThat(in.readAllBytes()).isEqualTo(PLAIN);
            assertThat(in.read()).isEqualTo(-1);
            noThreadIsLeft();
            in.close();
            assertThatThrownBy(in::read).isInstanceOf(IOException.class);
        }
    }

    private static byte[] largerFrom(int large) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LZMA2Options options = new LZMA2Options(0);
        try (XZOutputStream out = new XZOutputStream(bytes, options)) {
            for (int number = 0; number < 34; number++) {
                options.setDictSize(number == large ? 24 << 20 : 1 << 18);
                out.updateFilters(options);
                out.write(PLAIN, number * 30_000, Math.min(30_000, PLAIN.length - number * 30_000));
                out.endBlock();
            }
        }
        return bytes.toByteArray();
    }

    @Test
    void takesHalfOfTheHeapAtMost() throws IOException {
        XzBlocks blocks = new XzBlocks(slice(new byte[0]), 100, 24L << 20);
        assertThat(blocks.workers(4L << 30, 8)).isEqualTo(4);
        assertThat(blocks.workers(4L << 30, 3)).isEqualTo(3);
        // 24 for the one that is read, and 24 and 20 for each that is decoded
        long two = 2 * (24L + 2 * (24 + 20)) * (1 << 20);
        assertThat(blocks.workers(two, 8)).isEqualTo(2);
        assertThat(blocks.workers(two - 2, 8)).isEqualTo(1);
    }

    @Test
    void isClosedForGood() throws IOException {
        InputStream in = parallel(Debs.xzInBlocks(PLAIN, 30_000), 34, 30_000, 2);
        in.close();
        in.close();
        assertThatThrownBy(in::read).isInstanceOf(IOException.class);
    }
}
