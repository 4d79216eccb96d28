package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What came of all trials of a campaign. Safe for use by several threads. */
final class Trials {
    /** Of one kind of trial: how often what was meant to happen did, how often it did not, and what was counted besides. */
    record Count(long fired, long unfired) {}

    private final Map<String, Count> counts = new TreeMap<>();
    private final Map<String, Boolean> points = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();

    /** What was meant to happen has happened; whether a promise was broken is said apart. */
    synchronized void fired(String kind) {
        fired(kind, 1);
    }

    synchronized void fired(String kind, long times) {
        counts.merge(kind, new Count(times, 0), Trials::sum);
    }

    /** What was meant to happen did not, and the trial says nothing: the process ended before it could be killed, say. */
    synchronized void unfired(String kind) {
        counts.merge(kind, new Count(0, 1), Trials::sum);
    }

    /** A promise of the store was broken. */
    synchronized void violation(String kind, String what) {
        violations.add(kind + ": " + what);
        System.out.println("VIOLATION " + kind + ": " + what);
    }

    synchronized Map<String, Count> counts() {
        return Map.copyOf(counts);
    }

    /** One of the places where something was to be done to a process; several trials may be for one. */
    synchronized void point(String where, boolean isHit) {
        points.merge(where, isHit, Boolean::logicalOr);
    }

    /** All points; whether each was hit. */
    synchronized Map<String, Boolean> points() {
        return Map.copyOf(points);
    }

    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** What was violated, and what was tried and never happened. */
    synchronized List<String> problems() {
        List<String> problems = new ArrayList<>(violations);
        if (counts.isEmpty()) {
            problems.add("nothing was tried");
        }
        counts.forEach((kind, count) -> {
            if (count.fired == 0) {
                problems.add("never happened: " + kind);
            }
        });
        return problems;
    }

    private static Count sum(Count one, Count other) {
        return new Count(one.fired + other.fired, one.unfired + other.unfired);
    }
}
