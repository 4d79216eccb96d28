package dev.ktstr.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/**
 * All that one run found: {@code benchmarks.md}, its charts, and everything that was measured in {@code benchmarks.json}.
 *
 * @param conditions machine, versions and commit, by what they are called
 */
record Report(Map<String, String> conditions, String effort, List<Section> sections) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** What one comparison found. */
    record Section(String name, String title, String method, List<Figure> figures, List<Chart> charts) {}

    /** Writes everything into a directory. */
    void write(Path directory) throws IOException {
        Path charts = Files.createDirectories(directory.resolve("benchmarks"));
        Files.writeString(directory.resolve("benchmarks.json"), JSON.writeValueAsString(this) + "\n");
        Files.writeString(directory.resolve("benchmarks.md"), markdown());
        for (Section section : sections) {
            for (Chart chart : section.charts) {
                Files.writeString(charts.resolve(chart.name() + ".svg"), new ChartSvg(chart).draw());
            }
        }
    }

    /**
     * Compares the ratios with those of an earlier run: two agree if each median lies within the other's spread.
     *
     * @param earlier what {@link #read} read
     * @return one line for each figure that does not agree, or that only one of the runs has, of those comparisons that this one ran
     */
    List<String> disagreements(JsonNode earlier) {
        Map<String, Spread> before = new LinkedHashMap<>();
        for (JsonNode section : earlier.path("sections")) {
            String name = section.path("name").asText();
            if (sections.stream().noneMatch(each -> each.name.equals(name))) {
                continue; // it was not asked for
            }
            for (JsonNode figure : section.path("figures")) {
                before.put(
                        figure.path("name").asText(),
                        Spread.of(StreamSupport.stream(figure.path("pairs").spliterator(), false)
                                .map(pair -> pair.path("ours").asDouble()
                                        / pair.path("peer").asDouble())
                                .toList()));
            }
        }
        List<String> different = new ArrayList<>();
        for (Figure figure : figures()) {
            Spread then = before.remove(figure.name());
            Spread now = figure.ratio();
            if (then == null) {
                different.add(figure.name() + ": not in the earlier run");
            } else if (!now.contains(then.median()) || !then.contains(now.median())) {
                different.add(figure.name() + ": " + text(now) + " now, " + text(then) + " before");
            }
        }
        before.keySet().forEach(name -> different.add(name + ": only in the earlier run"));
        return different;
    }

    /** The {@code benchmarks.json} of a run. */
    static JsonNode read(Path json) throws IOException {
        return JSON.readTree(json.toFile());
    }

    List<Figure> figures() {
        return sections.stream().flatMap(section -> section.figures.stream()).toList();
    }

    /** The figures that have a target and miss it. */
    List<Figure> missed() {
        return figures().stream().filter(figure -> !figure.isMet()).toList();
    }

    private String markdown() {
        StringBuilder text = new StringBuilder("""
                # Benchmarks

                Made by `scripts/bench.sh`%s; everything that was measured is in [benchmarks.json](benchmarks.json). Do not edit.

                Each figure is a pair: ours, then what it is compared with. They are taken in rounds, one pair of each figure in a round (of
                what takes long, in every other one), so that the pairs of one figure come from all of the run. A ratio is ours divided by the
                other; below 1 ours is faster, or smaller. Of each there is the median of all pairs, and in brackets the least and the
                most. Ratios carry over to other machines better than times do, and times on a shared machine differ from run to run by
                more than ratios do.

                | | |
                | --- | --- |
                """.formatted(
                        effort.equals("full")
                                ? ""
                                : " (a " + effort + " run, with few pairs and smaller numbers than the texts say)"));
        conditions.forEach((name, value) -> row(text, name, value));
        text.append("\n## Targets\n\n| what | against | measured | target | |\n| --- | --- | --- | --- | --- |\n");
        for (Section section : sections) {
            for (Figure figure : section.figures) {
                if (figure.target().kind() != Target.Kind.NONE) {
                    row(text, figure.ours(), figure.peer(), judged(figure), target(figure), verdict(figure));
                }
            }
        }
        sections.forEach(section -> section(text, section));
        return text.toString();
    }

    private static void section(StringBuilder text, Section section) {
        text.append("\n## ").append(section.title).append("\n\n").append(section.method.strip());
        text.append("\n\n| ours | time | against | time | ratio | target |\n| --- | --- | --- | --- | --- | --- |\n");
        for (Figure figure : section.figures) {
            row(
                    text,
                    figure.ours(),
                    text(figure, Spread.of(figure.pairs(), Pair::ours)),
                    figure.peer(),
                    text(figure, Spread.of(figure.pairs(), Pair::peer)),
                    text(figure.ratio()),
                    target(figure) + (figure.isMet() ? "" : " (missed)"));
        }
        for (Chart chart : section.charts) {
            text.append("\n![%s](benchmarks/%s.svg)\n".formatted(chart.title(), chart.name()));
        }
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String target(Figure figure) {
        Target target = figure.target();
        return switch (target.kind()) {
            case RATIO -> "at most " + target.limit() + "x";
            case MORE -> "at most " + figure.unit().format(target.limit()) + " more";
            case OURS -> "at most " + figure.unit().format(target.limit());
            case NONE -> "";
        };
    }

    private static String verdict(Figure figure) {
        return figure.isMet() ? "met" : "**missed**";
    }

    /** In the terms of the target. */
    private static String judged(Figure figure) {
        Spread judged = figure.target().judged(figure.pairs());
        return switch (figure.target().kind()) {
            case RATIO, NONE -> text(judged) + "x";
            case MORE -> text(figure, judged) + " more";
            case OURS -> text(figure, judged);
        };
    }

    private static String text(Spread ratio) {
        return Unit.three(ratio.median()) + " [" + Unit.three(ratio.least()) + "–" + Unit.three(ratio.most()) + "]";
    }

    private static String text(Figure figure, Spread spread) {
        Unit unit = figure.unit();
        return unit.format(spread.median()) + " [" + unit.format(spread.least()) + "–" + unit.format(spread.most())
                + "]";
    }
}
