package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.maven.Progress.Style;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long MIB = 1L << 20;

    private final ByteArrayOutputStream terminal = new ByteArrayOutputStream();
    private final List<String> log = new ArrayList<>();
    private long now;

    private Progress progress(Style style) {
        return new Progress(style, log::add, terminal, () -> now);
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    private String terminal() {
        return terminal.toString(StandardCharsets.UTF_8);
    }

    @Test
    void movesOneLineAndTakesItAway() {
        try (Progress progress = progress(Style.MOVING)) {
            pass(Duration.ofMillis(100));
            progress.at("x.deb", 12 * MIB, 0);
            pass(Duration.ofMillis(99));
            progress.at("x.deb", 13 * MIB, 0);
            pass(Duration.ofMillis(1));
            progress.at("x.deb: vmlinux", 50 * MIB, 200 * MIB);
            assertThat(terminal())
                    .isEqualTo("\r\u001b[Kunpacking x.deb: 12.0 MiB"
                            + "\r\u001b[Kunpacking x.deb: vmlinux: 25 % of 200 MiB");
            terminal.reset();
        }
        assertThat(terminal()).isEqualTo("\r\u001b[K");
        assertThat(log).isEmpty();
    }

    @Test
    void aLogHearsOfLongWorkNowAndThen() {
        Progress progress = progress(Style.LINES);
        pass(Duration.ofSeconds(29));
        progress.making("CC fs/a.o", "10 steps, 29s");
        pass(Duration.ofSeconds(1));
        progress.making("CC fs/b.o", "11 steps, 30s");
        progress.making("CC fs/c.o", "12 steps, 30s");
        assertThat(log).containsExactly("building: 11 steps, 30s, now CC fs/b.o");
        assertThat(terminal()).isEmpty();
    }

    @Test
    void whoWatchesSeesEveryStepOfLongWork() {
        try (Progress progress = progress(Style.MOVING)) {
            pass(Duration.ofMillis(100));
            progress.making("CC " + "x".repeat(100), "1 steps, 0s");
            assertThat(terminal()).startsWith("\r\u001b[K1 steps, 0s: CC xxx").hasSize(79 + 4);
        }
    }

    @Test
    void takesNothingAwayThatIsNotThere() {
        Progress progress = progress(Style.MOVING);
        progress.clear();
        pass(Duration.ofSeconds(1));
        progress.at("x", 1, 0);
        progress.clear();
        terminal.reset();
        progress.clear();
        progress.close();
        assertThat(terminal()).isEmpty();
    }

    @Test
    void neverFillsMoreThanOneLine() {
        Progress progress = progress(Style.MOVING);
        pass(Duration.ofSeconds(1));
        progress.at("long".repeat(40), 12 * MIB, 200 * MIB);
        assertThat(terminal()).endsWith("...: 6 % of 200 MiB").hasSizeLessThanOrEqualTo("\r\u001b[K".length() + 79);
    }

    @Test
    void logsNowAndThen() {
        Progress progress = progress(Style.LINES);
        for (int second = 0; second < 12; second++) {
            progress.at("x", second * MIB, 0);
            pass(Duration.ofSeconds(1));
        }
        progress.close();
        assertThat(log).containsExactly("unpacking x: 5.0 MiB", "unpacking x: 10.0 MiB");
        assertThat(terminal()).isEmpty();
    }

    @Test
    void logsAtMostEveryTenPercent() {
        Progress progress = progress(Style.LINES);
        for (int second = 0; second <= 100; second++) {
            progress.at("x: vmlinux", 2L * second * MIB, 1000 * MIB);
            pass(Duration.ofSeconds(1));
        }
        assertThat(log)
                .containsExactly("unpacking x: vmlinux: 1 % of 1000 MiB", "unpacking x: vmlinux: 11 % of 1000 MiB");
    }

    @Test
    void saysNothingOfWhatIsDoneInAMoment() {
        Progress progress = progress(Style.LINES);
        pass(Duration.ofSeconds(4));
        progress.at("x", 12 * MIB, 0);
        assertThat(log).isEmpty();
    }

    @Test
    void saysNothingWhenNobodyListens() {
        Progress progress = progress(Style.NONE);
        pass(Duration.ofHours(1));
        progress.at("x", 12 * MIB, 0);
        progress.close();
        assertThat(log).isEmpty();
        assertThat(terminal()).isEmpty();
    }
}
