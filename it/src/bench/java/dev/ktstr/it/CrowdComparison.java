package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Many processes that store one kernel at once, as the JVMs of a parallel test run do. */
final class CrowdComparison implements Comparison {
    private static final List<String> SMALL_HEAP = List.of("-Xmx128m", "-XX:+UseSerialGC");
    private static final long REST_MILLIS = 500;
    private static final int PAIRS = 8;

    @Override
    public String name() {
        return "crowd";
    }

    @Override
    public String title() {
        return "64 processes that store one kernel at once";
    }

    @Override
    public String method() {
        return """
                Each process is a JVM of its own (128 MiB heap, serial collector, else as it comes) that calls `KernelCache.store` once,
                with a distribution's boot image, `vmlinux` with debug information and configuration, and no key: it is derived. Before
                that, it has stored a small kernel in a store of its own and looked something up, so that classes are loaded; then all
                wait for a signal, and half a second goes by. The time is from the signal until the last of them has finished. Each
                measurement is of new processes and of a new store on the disk; the kernel's files are in the page cache, for both
                sides. It fails unless one of the processes has stripped and stored, and all others have found what it stored.

                Against: the same with a single process.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        Effort effort = laboratory.effort();
        int most = effort.isWhole() ? 64 : effort == Effort.QUICK ? 16 : 3;
        Crowd crowd = new Crowd(laboratory, MarkedKernel.make(laboratory.newDirectory()));
        List<Pair> pairs =
                laboratory.pairs(effort.isWhole() ? PAIRS : 1, () -> crowd.store(most), () -> crowd.store(1));
        results.figure(() -> new Figure(
                "crowd-" + most,
                "`KernelCache.store` of one kernel by " + most + " processes at once",
                "by one process",
                Unit.SECONDS,
                Target.ratio(1.5),
                pairs));
        SortedMap<Integer, List<Double>> between = new TreeMap<>();
        if (effort.isWhole()) {
            for (int count = 2; count < most; count *= 2) {
                int processes = count;
                List<Double> seconds = new ArrayList<>();
                laboratory.once(() -> seconds.add(crowd.store(processes)));
                between.put(count, seconds);
            }
        }
        results.chart(() -> chart(most, pairs, between));
    }

    private static Chart chart(int most, List<Pair> pairs, SortedMap<Integer, List<Double>> between) {
        List<Chart.Point> points = new ArrayList<>();
        points.add(new Chart.Point(1, Spread.of(pairs, Pair::peer)));
        between.forEach((count, seconds) -> points.add(new Chart.Point(count, Spread.of(seconds))));
        points.add(new Chart.Point(most, Spread.of(pairs, Pair::ours)));
        return new Chart(
                "crowd",
                "Until the last process has the kernel",
                "processes that store it at once",
                Unit.SECONDS,
                List.of(new Chart.Line("ktstr", points)));
    }

    /** Such processes. */
    private record Crowd(Laboratory laboratory, MarkedKernel small) {
        /** How long so many of them take, in seconds. */
        double store(int count) throws IOException, InterruptedException {
            Path directory = laboratory.newDirectory();
            List<Process> processes = new ArrayList<>();
            try {
                for (int i = 0; i < count; i++) {
                    processes.add(start(directory, i));
                }
                for (Process process : processes) {
                    require(directory, "ready", line(process));
                }
                TimeUnit.MILLISECONDS.sleep(REST_MILLIS);
                return lastOf(processes, directory) / 1e9;
            } finally {
                for (Process process : processes) {
                    process.destroyForcibly();
                    process.waitFor();
                }
            }
        }

        /** Gives the signal: how long it is until the last one has finished, in nanoseconds. */
        private static long lastOf(List<Process> processes, Path directory) throws IOException {
            long signal = System.nanoTime();
            for (Process process : processes) {
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
            }
            long last = 0;
            List<String> outcomes = new ArrayList<>();
            for (Process process : processes) {
                String line = line(process);
                require(directory, "\\d+ \\S+ (true|false)", line);
                String[] words = line.split(" ", 2);
                last = Math.max(last, Long.parseLong(words[0]) - signal);
                outcomes.add(words[1]);
            }
            outcomes.sort(Collections.reverseOrder());
            List<String> expected = new ArrayList<>(List.of("STORED true"));
            expected.addAll(Collections.nCopies(processes.size() - 1, "ALREADY_STORED false"));
            require(directory, Pattern.quote(expected.toString()), outcomes.toString());
            return last;
        }

        private Process start(Path directory, int number) throws IOException {
            List<String> command = UserJvm.command(
                    CrowdMain.class,
                    SMALL_HEAP,
                    directory.resolve("kernels").toString(),
                    laboratory.kernel().image().toString(),
                    laboratory.kernel().vmlinux().toString(),
                    laboratory.kernel().config().toString(),
                    directory.resolve("own" + number).toString(),
                    small.imageTemplate().toString(),
                    small.vmlinuxTemplate().toString());
            return new ProcessBuilder(command)
                    .redirectError(
                            ProcessBuilder.Redirect.appendTo(errors(directory).toFile()))
                    .start();
        }

        /** Where they say that they wait, or why they fail. */
        private static Path errors(Path directory) {
            return directory.resolve("errors");
        }

        private static String line(Process process) throws IOException {
            return String.valueOf(process.inputReader().readLine());
        }

        private static void require(Path directory, String pattern, String said) throws IOException {
            if (!said.matches(pattern)) {
                throw new IllegalStateException(
                        "expected " + pattern + ", but it is " + said + "\n" + Files.readString(errors(directory)));
            }
        }
    }
}
