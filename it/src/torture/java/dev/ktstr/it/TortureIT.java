package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
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
    void nothingIsBroken(String name, @TempDir Path directory) throws Exception {
        Commands.requireRoot();
        Trials trials = TortureMain.run(TortureMain.named(name), Extent.BOUNDED, directory, System.nanoTime());

        assertThat(trials.violations()).isEmpty();
        assertThat(trials.counts()).isNotEmpty();
        assertThat(trials.counts().values())
                .allSatisfy(count -> assertThat(count.fired()).isPositive());
    }
}
