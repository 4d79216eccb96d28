package dev.ktstr.it;

/**
 * Two measurements, made in the same round, ours first.
 *
 * @param ours seconds, or bytes
 * @param peer of what it is compared with, in the same unit
 */
record Pair(double ours, double peer) {
    double ratio() {
        return ours / peer;
    }

    double difference() {
        return ours - peer;
    }
}
