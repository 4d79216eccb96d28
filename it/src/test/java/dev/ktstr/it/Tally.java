package dev.ktstr.it;

import java.util.Map;
import java.util.TreeMap;

/** How often what has happened, as lines {@code name=number}, which processes print and their parent adds up. */
final class Tally {
    private final Map<String, Long> counts = new TreeMap<>();

    synchronized void add(String name) {
        add(name, 1);
    }

    synchronized void add(String name, long times) {
        counts.merge(name, times, Long::sum);
    }

    /** Adds what another process has printed; other lines are passed over. */
    void addLines(String prefix, String output) {
        output.lines()
                .map(line -> line.split("=", -1))
                .filter(words -> words.length == 2 && words[0].matches("[a-z-]+") && words[1].matches("[0-9]+"))
                .forEach(words -> add(prefix + words[0], Long.parseLong(words[1])));
    }

    synchronized Map<String, Long> counts() {
        return Map.copyOf(counts);
    }

    /** What was counted since it was taken before. */
    synchronized String take() {
        String lines = toString();
        counts.clear();
        return lines;
    }

    synchronized long of(String name) {
        return counts.getOrDefault(name, 0L);
    }

    @Override
    public synchronized String toString() {
        StringBuilder lines = new StringBuilder();
        counts.forEach(
                (name, count) -> lines.append(name).append('=').append(count).append('\n'));
        return lines.toString();
    }
}
