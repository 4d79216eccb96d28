package dev.ktstr.it;

/**
 * Two measurements, one right after the other.
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
