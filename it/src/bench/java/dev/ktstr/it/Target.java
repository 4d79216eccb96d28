package dev.ktstr.it;

import java.util.List;

/**
 * What a median must not exceed.
 *
 * @param limit a ratio; for {@code MORE} and {@code OURS} seconds or bytes
 */
record Target(Kind kind, double limit) {
    /** What is compared: our figure with the peer's as a ratio, or as a difference; or our figure by itself. */
    enum Kind {
        RATIO,
        MORE,
        OURS,
        NONE
    }

    /** Only to know. */
    static final Target NONE = new Target(Kind.NONE, Double.POSITIVE_INFINITY);

    static Target ratio(double limit) {
        return new Target(Kind.RATIO, limit);
    }

    /** So much more than the peer at most. */
    static Target more(double limit) {
        return new Target(Kind.MORE, limit);
    }

    /** Whatever the peer needs. */
    static Target ours(double limit) {
        return new Target(Kind.OURS, limit);
    }

    /** What is held against the limit. */
    Spread judged(List<Pair> pairs) {
        return switch (kind) {
            case RATIO, NONE -> Spread.of(pairs, Pair::ratio);
            case MORE -> Spread.of(pairs, Pair::difference);
            case OURS -> Spread.of(pairs, Pair::ours);
        };
    }
}
