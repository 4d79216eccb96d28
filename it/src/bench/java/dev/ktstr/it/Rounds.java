package dev.ktstr.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that is measured, again and again: each round takes one pair of each figure. So the pairs of a figure come from
 * the whole of a run, and their spread tells how much it differs from one quarter of an hour to the next, not only from one
 * second to the next.
 */
final class Rounds {
    private final int rounds;
    private final List<Planned> plan = new ArrayList<>();

    Rounds(int rounds) {
        this.rounds = rounds;
    }

    /** Takes a measurement of both sides, and keeps it. */
    interface Step {
        void take() throws Exception;
    }

    private record Planned(int times, Step step) {
        /** So often, and evenly. */
        boolean isDue(int round, int rounds) {
            return (round + 1) * times / rounds > round * times / rounds;
        }
    }

    /**
     * Something for all rounds, or for some.
     *
     * @param times how often; as often as there are rounds at most
     */
    void add(int times, Step step) {
        plan.add(new Planned(Math.min(times, rounds), step));
    }

    void run() throws Exception {
        for (int round = 0; round < rounds; round++) {
            long begin = System.nanoTime();
            for (Planned each : plan) {
                if (each.isDue(round, rounds)) {
                    each.step.take();
                }
            }
            System.out.printf(
                    "round %d of %d: %d s%n",
                    round + 1,
                    rounds,
                    Duration.ofNanos(System.nanoTime() - begin).toSeconds());
        }
    }
}
