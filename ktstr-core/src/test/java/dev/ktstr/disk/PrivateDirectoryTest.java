package dev.ktstr.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.event.KtstrEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateDirectoryTest {
    @TempDir
    Path directory;

    private Environment withClockOff(Duration shift) {
        return Environment.of(Map.of(), directory).withClocks(Clock.offset(Clock.systemUTC(), shift), System::nanoTime);
    }

    @Test
    void oneThatWasLeftBeforeTheClockWasSetBackIsSwept() throws Exception {
        Path left = Files.createDirectory(directory.resolve(".disks-77.0123abcd"));
        Files.createFile(left.resolve("lock"));
        Files.createFile(left.resolve("disk.img"));
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().plus(Duration.ofDays(365))));

        assertThat(PrivateDirectory.sweep(directory, withClockOff(Duration.ZERO), event -> {}))
                .containsExactly(left);
        assertThat(left).doesNotExist();
    }

    @Test
    void twoSweepsDoNotComplainOfEachOther() throws Exception {
        List<String> warnings = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 300; i++) {
            Path left = Files.createDirectory(directory.resolve(".disks-77.%08x".formatted(i)));
            Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
        }
        List<Thread> sweepers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            sweepers.add(new Thread(() -> {
                try {
                    PrivateDirectory.sweep(directory, withClockOff(Duration.ZERO), event -> {
                        if (event instanceof KtstrEvent.Warning warning) {
                            warnings.add(warning.toString());
                        }
                    });
                } catch (IOException failed) {
                    warnings.add(failed.toString());
                }
            }));
        }
        for (Thread each : sweepers) {
            each.start();
        }
        for (Thread each : sweepers) {
            each.join();
        }
        assertThat(warnings).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    /** For its clock, what others make this very moment is long over, or has not been made yet. */
    @Test
    void aSweepWhoseClockIsWrongRemovesNoneThatIsInUse() throws Exception {
        for (Duration shift : new Duration[] {Duration.ofDays(365), Duration.ofDays(-365)}) {
            Thread sweeper = new Thread(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    try {
                        PrivateDirectory.sweep(directory, withClockOff(shift), event -> {});
                    } catch (IOException failed) {
                        throw new AssertionError(failed);
                    }
                }
            });
            sweeper.start();
            try {
                for (int i = 0; i < 300; i++) {
                    try (PrivateDirectory used = PrivateDirectory.create(directory, withClockOff(Duration.ZERO))) {
                        Files.createFile(used.disk());
                        Thread.sleep(1);
                        assertThat(used.disk()).exists();
                    }
                }
            } finally {
                sweeper.interrupt();
                sweeper.join();
            }
        }
        assertThat(directory).isEmptyDirectory();
    }
}
