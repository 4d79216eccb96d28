package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reliability suite in its bounded form. */
@Tag("torture")
@Tag("gcc")
@Tag("kernel")
@Tag("root")
@Tag("strace")
class TortureIT {
    static List<String> names() {
        return TortureMain.ALL.stream().map(Campaign::name).toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    @Timeout(
            value = 15,
            unit = TimeUnit.MINUTES,
            threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // it may be in a read(2)
    void nothingIsBroken(String name, @TempDir Path directory) throws Exception {
        Commands.requireRoot();
        Trials trials = TortureMain.run(TortureMain.named(name), Extent.BOUNDED, directory, System.nanoTime());

        assertThat(trials.problems()).isEmpty();
    }
}
