package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** A lock that one process after the other waits for. */
final class HandOverComparison implements Comparison {
    private static final Duration HOLD = Duration.ofMillis(1);
    private static final int LEAST_TURNS = 8;

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
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        boolean isSmoke = laboratory.effort().equals(Effort.SMOKE);
        List<Integer> counts =
                isSmoke ? List.of(2, 8) : laboratory.effort().isWhole() ? List.of(2, 16, 64) : List.of(2, 16);
        int turns = isSmoke ? 100 : laboratory.effort().isWhole() ? 600 : 300;
        int most = counts.get(counts.size() - 1);
        Path directory = laboratory.newDirectory();
        List<Latencies> found = counts.stream().map(Latencies::new).toList();
        HandOver ours = laboratory.own(HandOver.ours(most));
        HandOver peers = laboratory.own(HandOver.peers(most, directory));
        laboratory.everyRound(() -> {
            take(ours, most, directory.resolve("warm.lock"), LEAST_TURNS);
            take(peers, most, directory.resolve("warm.lock"), LEAST_TURNS);
            for (Latencies each : found) {
                int turnsOfEach = Math.max(LEAST_TURNS, turns / each.processes);
                HandOver.Turns byUs = take(ours, each.processes, directory.resolve("ours.lock"), turnsOfEach);
                HandOver.Turns byC = take(peers, each.processes, directory.resolve("c.lock"), turnsOfEach);
                each.medians.add(new Pair(seconds(byUs, 0.5), seconds(byC, 0.5)));
                each.slowest.add(new Pair(seconds(byUs, 0.99), seconds(byC, 0.99)));
            }
        });
        for (Latencies each : found) {
            results.figure(() -> figure(each.processes, "median", "the median", Target.ours(0.3e-3), each.medians));
            results.figure(() -> figure(each.processes, "p99", "the 99th percentile", Target.ours(2e-3), each.slowest));
        }
        results.chart(() -> chart(found));
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

    /** Between some number of processes. */
    private record Latencies(int processes, List<Pair> medians, List<Pair> slowest) {
        Latencies(int processes) {
            this(processes, new ArrayList<>(), new ArrayList<>());
        }
    }

    private static Chart chart(List<Latencies> found) {
        return new Chart(
                "hand-over",
                "From the release to the next one who has it",
                "processes that want the lock",
                Unit.SECONDS,
                List.of(
                        line("ktstr, 99th percentile", found, Latencies::slowest, Pair::ours),
                        line("ktstr, median", found, Latencies::medians, Pair::ours),
                        line("C, 99th percentile", found, Latencies::slowest, Pair::peer),
                        line("C, median", found, Latencies::medians, Pair::peer)));
    }

    private static Chart.Line line(
            String label, List<Latencies> found, Function<Latencies, List<Pair>> which, ToDoubleFunction<Pair> whose) {
        return new Chart.Line(
                label,
                found.stream()
                        .map(each -> new Chart.Point(each.processes, Spread.of(which.apply(each), whose)))
                        .toList());
    }
}
