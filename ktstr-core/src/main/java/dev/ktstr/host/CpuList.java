package dev.ktstr.host;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/** Sets of CPUs as the kernel writes them: {@code 0-3,8,10-11} (cpuset(7), "List format"). */
final class CpuList {
    /** More than any kernel is built for (CONFIG_NR_CPUS goes up to 8192): so that a wrong file does not fill the memory. */
    private static final int MOST = 1 << 16;

    private CpuList() {}

    /** @throws IllegalArgumentException if it is no such list */
    static NavigableSet<Integer> parse(String text) {
        NavigableSet<Integer> cpus = new TreeSet<>();
        for (String range : text.strip().split(",", -1)) {
            if (range.isEmpty() && text.isBlank()) {
                return cpus;
            }
            String[] ends = range.split("-", 2);
            int first = number(ends[0], text);
            int last = number(ends[ends.length - 1], text);
            for (int cpu = first; cpu <= last; cpu++) {
                cpus.add(cpu);
            }
        }
        return cpus;
    }

    static String format(Collection<Integer> cpus) {
        List<String> ranges = new ArrayList<>();
        List<Integer> sorted = new ArrayList<>(new TreeSet<>(cpus));
        for (int from = 0; from < sorted.size(); ) {
            int to = from;
            while (to + 1 < sorted.size() && sorted.get(to + 1) == sorted.get(to) + 1) {
                to++;
            }
            ranges.add(to == from ? "" + sorted.get(from) : sorted.get(from) + "-" + sorted.get(to));
            from = to + 1;
        }
        return String.join(",", ranges);
    }

    private static int number(String digits, String text) {
        try {
            int number = Integer.parseInt(digits);
            if (number >= 0 && number < MOST) {
                return number;
            }
        } catch (NumberFormatException noNumber) {
            throw new IllegalArgumentException("no list of CPUs: " + text, noNumber);
        }
        throw new IllegalArgumentException("no list of CPUs: " + text);
    }
}
