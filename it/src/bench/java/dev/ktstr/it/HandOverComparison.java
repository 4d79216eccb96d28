package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A lock that one process after the other waits for. */
final class HandOverComparison implements Comparison {
    private static final Duration HOLD = Duration.ofMillis(1);
    private static final int LEAST_ROUNDS = 8;

    @Override
    public String name() {
        return "hand-over";
    }

    @Override
    public String title() {
        return "Hand a contended lock over";
    }

    @Override
    public String method() {
        return """
                So many processes take one exclusive lock again and again (300 times each if they are two, 9 times if they are 64),
                hold it for 1 ms and stay away for 0.1 ms: so while one has it, the others wait. What is measured is the time from just
                before the lock is released until just after somebody else has got it, by the clock that processes share; the median
                and the 99th percentile of all these times, as long as half of the processes still have turns to come. Each of them is
                one measurement in a pair.

                Ours: `Flock.acquire` without a time limit and `close`, in JVMs (32 MiB heap, serial collector, first compiler only)
                that have waited for a lock before. Against: open, a blocking `flock(2)`, unlock and close in a C program, which
                neither can be interrupted, nor gives up after some time, nor says whom it waits for. The lock file is on the disk. All
                processes have been started before; those that do not take part are asleep.""";
    }

    @Override
    public void run(Laboratory laboratory, Results results) throws Exception {
        boolean isSmoke = laboratory.effort().equals(Effort.SMOKE);
        List<Integer> counts =
                isSmoke ? List.of(2, 8) : laboratory.effort().isWhole() ? List.of(2, 16, 64) : List.of(2, 16);
        int turns = isSmoke ? 100 : laboratory.effort().isWhole() ? 600 : 300;
        int most = counts.get(counts.size() - 1);
        Path directory = laboratory.newDirectory();
        Curves curves = new Curves();
        try (HandOver ours = HandOver.ours(most);
                HandOver peers = HandOver.peers(most, directory)) {
            take(ours, most, directory.resolve("warm.lock"), LEAST_ROUNDS);
            take(peers, most, directory.resolve("warm.lock"), LEAST_ROUNDS);
            for (int count : counts) {
                int rounds = Math.max(LEAST_ROUNDS, turns / count);
                List<Pair> medians = new ArrayList<>();
                List<Pair> slowest = new ArrayList<>();
                for (int i = 0; i < laboratory.effort().pairs(); i++) {
                    HandOver.Turns byUs = take(ours, count, directory.resolve("ours.lock"), rounds);
                    HandOver.Turns byC = take(peers, count, directory.resolve("c.lock"), rounds);
                    medians.add(new Pair(seconds(byUs, 0.5), seconds(byC, 0.5)));
                    slowest.add(new Pair(seconds(byUs, 0.99), seconds(byC, 0.99)));
                }
                results.add(figure(count, "median", "the median", Target.ours(0.3e-3), medians));
                results.add(figure(count, "p99", "the 99th percentile", Target.ours(2e-3), slowest));
                curves.add(count, medians, slowest);
            }
        }
        results.add(curves.chart());
    }

    private static HandOver.Turns take(HandOver processes, int count, Path lockFile, int rounds) throws IOException {
        HandOver.Turns turns = processes.take(count, lockFile, rounds, HOLD);
        if (turns.overlaps() > 0) {
            throw new IllegalStateException(lockFile + " was held by two at once, " + turns.overlaps() + " times");
        }
        return turns;
    }

    private static double seconds(HandOver.Turns turns, double quantile) {
        return turns.latency(quantile).toNanos() / 1e9;
    }

    private static Figure figure(int count, String name, String what, Target target, List<Pair> pairs) {
        return new Figure(
                "hand-over-" + count + "-" + name,
                what + " until one of " + count + " processes that wait has the lock",
                "a blocking `flock` in C",
                Unit.SECONDS,
                target,
                pairs);
    }

    /** How it grows. */
    private static final class Curves {
        private final List<Chart.Point> ourMedians = new ArrayList<>();
        private final List<Chart.Point> ourSlowest = new ArrayList<>();
        private final List<Chart.Point> medians = new ArrayList<>();
        private final List<Chart.Point> slowest = new ArrayList<>();

        void add(int count, List<Pair> medianPairs, List<Pair> slowestPairs) {
            ourMedians.add(new Chart.Point(count, Spread.of(medianPairs, Pair::ours)));
            ourSlowest.add(new Chart.Point(count, Spread.of(slowestPairs, Pair::ours)));
            medians.add(new Chart.Point(count, Spread.of(medianPairs, Pair::peer)));
            slowest.add(new Chart.Point(count, Spread.of(slowestPairs, Pair::peer)));
        }

        Chart chart() {
            return new Chart(
                    "hand-over",
                    "From the release to the next one who has it",
                    "processes that want the lock",
                    Unit.SECONDS,
                    Stream.of(
                                    new Chart.Line("ktstr, 99th percentile", ourSlowest),
                                    new Chart.Line("ktstr, median", ourMedians),
                                    new Chart.Line("C, 99th percentile", slowest),
                                    new Chart.Line("C, median", medians))
                            .toList());
        }
    }
}
