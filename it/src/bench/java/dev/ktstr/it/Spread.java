package dev.ktstr.it;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** What several measurements of one thing came to. */
record Spread(double median, double least, double most) {
    /** @param values at least one */
    static Spread of(List<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    static Spread of(List<Pair> pairs, ToDoubleFunction<Pair> what) {
        return of(pairs.stream().map(what::applyAsDouble).toList());
    }

    boolean contains(double value) {
        return least <= value && value <= most;
    }
}
