package dev.ktstr.it;

/**
 * How much is measured.
 *
 * @param pairs how often both sides are measured
 * @param iterationMillis how long each iteration in a JVM takes, of those that warm up, too
 * @param isWhole whether everything is measured, and not only the targets and the ends of what grows
 */
record Effort(String name, int pairs, int iterationMillis, boolean isWhole) {
    static final Effort FULL = new Effort("full", 9, 200, true);
    static final Effort QUICK = new Effort("quick", 3, 100, false);

    /** Whether it works at all: a test. */
    static final Effort SMOKE = new Effort("smoke", 1, 20, false);
}
