package dev.ktstr.it;

import java.util.Collection;
import java.util.TreeSet;

/** Trials that consist of looking at what is there. */
record Promises(Trials trials) {
    void require(String kind, boolean kept, String otherwise) {
        trials.fired(kind);
        if (!kept) {
            trials.violation(kind, otherwise);
        }
    }

    /** That both are the same, in whatever order. */
    void requireSame(String kind, Collection<String> found, Collection<String> expected) {
        require(
                kind,
                new TreeSet<>(found).equals(new TreeSet<>(expected)),
                "found " + new TreeSet<>(found) + " instead of " + new TreeSet<>(expected));
    }
}
