package dev.ktstr.it;

import java.util.List;

/**
 * One line of the report: something that a user does, against what they would do without us.
 *
 * @param name unique in the suite; two runs are compared by it
 * @param ours what we do, in a few words
 * @param peer what it is compared with
 */
record Figure(String name, String ours, String peer, Unit unit, Target target, List<Pair> pairs) {
    Figure {
        if (pairs.isEmpty()) {
            throw new IllegalArgumentException(name + ": nothing was measured");
        }
        pairs = List.copyOf(pairs);
    }

    boolean isMet() {
        return target.judged(pairs).median() <= target.limit();
    }

    Spread ratio() {
        return Spread.of(pairs, Pair::ratio);
    }
}
