package dev.ktstr.it;

import java.util.Locale;

/** How much is measured. */
enum Effort {
    /** Whether it works at all: a test. */
    SMOKE(1, 20),

    QUICK(3, 100),

    FULL(5, 200);

    private final int pairs;
    private final int iterationMillis;

    Effort(int pairs, int iterationMillis) {
        this.pairs = pairs;
        this.iterationMillis = iterationMillis;
    }

    /** How often both sides are measured; points of charts less often. */
    int pairs() {
        return pairs;
    }

    /** How long each iteration in a JVM takes, of those that warm up, too. */
    int iterationMillis() {
        return iterationMillis;
    }

    /** Whether everything is measured, and not only the targets and the ends of what grows. */
    boolean isWhole() {
        return this == FULL;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
