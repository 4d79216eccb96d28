package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;

/** What comparisons found. */
final class Results {
    private final List<Figure> figures = new ArrayList<>();
    private final List<Chart> charts = new ArrayList<>();

    /** Keeps a figure, and shows it to whoever waits for the end. */
    void add(Figure figure) {
        Spread ratio = figure.ratio();
        Unit unit = figure.unit();
        System.out.printf(
                "%-44s ours %9s  peer %9s  ratio %s [%s..%s]%s%n",
                figure.name(),
                unit.format(Spread.of(figure.pairs(), Pair::ours).median()),
                unit.format(Spread.of(figure.pairs(), Pair::peer).median()),
                Unit.three(ratio.median()),
                Unit.three(ratio.least()),
                Unit.three(ratio.most()),
                figure.isMet() ? "" : "  MISSED");
        figures.add(figure);
    }

    void add(Chart chart) {
        charts.add(chart);
    }

    List<Figure> figures() {
        return List.copyOf(figures);
    }

    List<Chart> charts() {
        return List.copyOf(charts);
    }
}
