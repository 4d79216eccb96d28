package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.os.Fd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Far shorter than the limits given to await: that it returned at all is the proof that it was woken. */
@Timeout(30)
class ReleaseWatchTest {
    private static final Duration FOR_EVER = Duration.ofHours(1);

    @TempDir
    Path directory;

    ReleaseWatch watches;
    Path file;

    @BeforeEach
    void prepare() throws Exception {
        watches = new ReleaseWatch(System::nanoTime);
        file = Files.writeString(directory.resolve("k.lock"), "");
    }

    @Test
    void aCloseSinceTheWatchBeganIsSeen() throws Exception {
        try (ReleaseWatch.Watch watch = watches.on(List.of(file))) {
            Fd.openForReading(file).close();
            assertThat(watch.await(FOR_EVER)).isTrue();
            Fd.openForReading(file).close();
            assertThat(watch.await(FOR_EVER)).isTrue();
        }
    }

    @Test
    void theDeathOfAHolderIsSeen() throws Exception {
        try (FlockProcess holder = FlockProcess.hold(file, FlockMode.EXCLUSIVE);
                ReleaseWatch.Watch watch = watches.on(List.of(file))) {
            holder.kill();
            watch.await(FOR_EVER);
        }
    }

    @Test
    void withoutACloseItReturnsAtTheLimit() throws Exception {
        try (ReleaseWatch.Watch watch = watches.on(List.of(file))) {
            assertThat(watch.await(Duration.ofMillis(20))).isFalse();
        }
    }

    @Test
    void whatIsSkippedWakesNobodyAndWhatComesThenDoes() throws Exception {
        try (ReleaseWatch.Watch watch = watches.on(List.of(file))) {
            Fd.openForReading(file).close();
            watch.skip();
            watch.skip();
            assertThat(watch.await(Duration.ofMillis(20))).isFalse();
            Fd.openForReading(file).close();
            assertThat(watch.await(FOR_EVER)).isTrue();
        }
    }

    @Test
    void whatOneSkipsStillWakesAnother() throws Exception {
        try (ReleaseWatch.Watch skipping = watches.on(List.of(file));
                ReleaseWatch.Watch watch = watches.on(List.of(file))) {
            Fd.openForReading(file).close();
            skipping.skip();
            assertThat(watch.await(FOR_EVER)).isTrue();
        }
    }

    @Test
    void everyThreadIsWokenByItsOwnFileWhoeverReadsTheEvents() throws Exception {
        int threads = 8;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Path> files = new ArrayList<>();
        List<Future<?>> waits = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            files.add(directory.resolve(i / 2 + ".lock"));
            Files.writeString(files.get(i), "");
        }
        for (Path each : files) {
            ReleaseWatch.Watch watch = watches.on(List.of(each));
            waits.add(pool.submit(() -> {
                try (watch) {
                    watch.await(FOR_EVER);
                }
                return null;
            }));
        }
        for (int i = threads - 1; i > 0; i -= 2) {
            Fd.openForReading(files.get(i)).close();
            waits.get(i).get(20, TimeUnit.SECONDS);
            waits.get(i - 1).get(20, TimeUnit.SECONDS);
            assertThat(waits.subList(0, i - 1)).noneMatch(Future::isDone);
        }
        pool.shutdown();
    }

    @Test
    void anInterruptEndsTheWait() throws Exception {
        try (ReleaseWatch.Watch watch = watches.on(List.of(file))) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> watch.await(FOR_EVER)).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
        }
    }
}
