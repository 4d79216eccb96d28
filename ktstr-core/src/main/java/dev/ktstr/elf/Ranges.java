package dev.ktstr.elf;

import java.util.Arrays;

/** Parts of a file that stay where they are: two that overlapped would have their bytes counted twice, and be no longer than one. */
final class Ranges {
    private final long[] starts;
    private final long[] ends;
    private int count;

    /** @param most how many there will be at most */
    Ranges(int most) {
        this.starts = new long[most];
        this.ends = new long[most];
    }

    /** Adds a part that is not empty. */
    void add(long start, long size) {
        starts[count] = start;
        ends[count] = start + size;
        count++;
    }

    /** Whether no two share a byte: then, in order, each ends before the next begins. */
    boolean areDisjoint() {
        Arrays.sort(starts, 0, count);
        Arrays.sort(ends, 0, count);
        for (int i = 1; i < count; i++) {
            if (starts[i] < ends[i - 1]) {
                return false;
            }
        }
        return true;
    }
}
