package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That the suite works: every comparison once, with next to nothing to do. What comes out says nothing about speed. */
@Tag("bench")
@Tag("gcc")
@Tag("kernel")
@Tag("qemu")
@Tag("root")
class BenchmarksIT {
    /** All but the one that {@link VmOverheadIT} runs, too. */
    static List<String> names() {
        return BenchMain.ALL.stream()
                .map(Comparison::name)
                .filter(name -> !name.equals("vm"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyComparisonReportsWhatItMeasured(String name, @TempDir Path directory) throws Exception {
        Commands.requireRoot();
        Report report = BenchMain.run(BenchMain.named(List.of(name)), Effort.SMOKE, directory);
        report.write(directory);

        assertThat(report.sections()).hasSize(1);
        List<Figure> figures = report.sections().get(0).figures();
        assertThat(figures)
                .isNotEmpty()
                .allSatisfy(figure -> assertThat(figure.pairs())
                        .allSatisfy(
                                pair -> assertThat(pair.ratio()).isPositive().isFinite()));
        assertThat(directory.resolve("benchmarks.md"))
                .content()
                .contains(figures.get(0).ours(), "smoke run");
        assertThat(report.sections().get(0).charts())
                .allSatisfy(chart -> assertThat(directory.resolve("benchmarks/" + chart.name() + ".svg"))
                        .content()
                        .contains("prefers-color-scheme: dark"));
        assertThat(report.disagreements(Report.read(directory.resolve("benchmarks.json"))))
                .isEmpty();
    }

    @Test
    void aFigureDisagreesWithAnEarlierOneOutsideOfItsSpread(@TempDir Path directory) throws Exception {
        report(10, 11, 12).write(directory);
        JsonNode earlier = Report.read(directory.resolve("benchmarks.json"));

        assertThat(report(11, 12, 13).disagreements(earlier)).isEmpty();
        assertThat(report(20, 21, 22).disagreements(earlier))
                .containsExactly("some: 21.0 [20.0–22.0] now, 11.0 [10.0–12.0] before");
        assertThat(Files.readString(directory.resolve("benchmarks.md"))).contains("**missed**");
    }

    @Test
    void anUnknownNameIsRefusedWithThoseThereAre() {
        assertThatThrownBy(() -> BenchMain.named(List.of("nothing")))
                .hasMessageContaining("nothing")
                .hasMessageContaining("lock");
    }

    private static Report report(double... ratios) {
        List<Pair> pairs =
                Arrays.stream(ratios).mapToObj(ratio -> new Pair(ratio, 1)).toList();
        Figure figure = new Figure("some", "ours", "theirs", Unit.SECONDS, Target.ratio(2), pairs);
        return new Report(Map.of(), "full", List.of(new Report.Section("s", "S", "", List.of(figure), List.of())));
    }
}
