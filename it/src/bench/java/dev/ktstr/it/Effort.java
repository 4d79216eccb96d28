package dev.ktstr.it;

import java.util.Locale;

/** How much is measured. */
enum Effort {
    /** Whether it works at all: a test. */
    SMOKE(1, 20),

    QUICK(3, 100),

    /**
     * With fifteen pairs each, and if nothing but chance makes two runs differ, a median lies outside of the other run's least and
     * most for one of 230 figures; with five it would be two of seven.
     */
    FULL(15, 200);

    private final int rounds;
    private final int warmUpMillis;

    Effort(int rounds, int warmUpMillis) {
        this.rounds = rounds;
        this.warmUpMillis = warmUpMillis;
    }

    /** How often both sides are measured; what takes long, and points of charts, less often. */
    int rounds() {
        return rounds;
    }

    /** How long each of the iterations takes that warm a JVM up. */
    int warmUpMillis() {
        return warmUpMillis;
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
