package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What a comparison finds: everything is said before, and made of what was measured once that is complete. */
final class Results {
    private final List<Supplier<Figure>> figures = new ArrayList<>();
    private final List<Supplier<Chart>> charts = new ArrayList<>();

    void figure(Supplier<Figure> figure) {
        figures.add(figure);
    }

    void chart(Supplier<Chart> chart) {
        charts.add(chart);
    }

    List<Figure> figures() {
        return figures.stream().map(Supplier::get).toList();
    }

    List<Chart> charts() {
        return charts.stream().map(Supplier::get).toList();
    }

    /** One line, for whoever waits for the end. */
    static void print(Figure figure) {
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
    }
}
