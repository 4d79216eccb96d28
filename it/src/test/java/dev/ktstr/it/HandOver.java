package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Processes that hand a lock over to one another: {@link HandOverMain}, or {@code handover.c}. All are started before any of
 * them takes the lock; how many of them do is said each time.
 */
final class HandOver implements AutoCloseable {
    private static final int WARM_UP = 50;

    private final List<Process> processes = new ArrayList<>();
    private final List<BufferedReader> outputs = new ArrayList<>();

    private HandOver() {}

    /** One time that a process had the lock, in nanoseconds. */
    record Turn(int process, long granted, long released) {}

    /** What came of it, the turns in the order in which they were granted. */
    record Turns(List<Turn> turns, int processes) {
        int of(int process) {
            return (int)
                    turns.stream().filter(turn -> turn.process() == process).count();
        }

        /** How often the lock was granted before it had been released. */
        int overlaps() {
            int overlaps = 0;
            for (int i = 1; i < turns.size(); i++) {
                overlaps += turns.get(i).granted() < turns.get(i - 1).released() ? 1 : 0;
            }
            return overlaps;
        }

        /**
         * From a release to the next grant, the shortest first, for as long as at least half of the processes still had turns
         * to come (of two, both).
         */
        List<Duration> latencies() {
            List<Long> last = new ArrayList<>(Collections.nCopies(processes, Long.MIN_VALUE));
            turns.forEach(turn -> last.set(turn.process(), turn.granted()));
            Collections.sort(last);
            long end = last.get(processes / 2 - 1);
            List<Duration> latencies = new ArrayList<>();
            for (int i = 1; i < turns.size() && turns.get(i).granted() <= end; i++) {
                latencies.add(Duration.ofNanos(
                        turns.get(i).granted() - turns.get(i - 1).released()));
            }
            Collections.sort(latencies);
            return latencies;
        }

        Duration latency(double quantile) {
            List<Duration> latencies = latencies();
            return latencies.get((int) Math.min(latencies.size() - 1L, Math.round(latencies.size() * quantile)));
        }
    }

    /** JVMs. They are small, since they may be many. */
    static HandOver ours(int count) throws IOException {
        return ours(count, WARM_UP);
    }

    /** JVMs that wait for the first time when they are told to. */
    static HandOver oursCold(int count) throws IOException {
        return ours(count, 0);
    }

    private static HandOver ours(int count, int warmUp) throws IOException {
        List<String> command = Commands.jvm(HandOverMain.class, Integer.toString(warmUp));
        command.addAll(1, List.of("-Xshare:auto", "-Xmx32m", "-XX:+UseSerialGC"));
        return start(count, command);
    }

    /** Processes of the program in C, compiled in a directory. */
    static HandOver peers(int count, Path directory) throws IOException, InterruptedException {
        Path program = directory.resolve("handover");
        Peer.compile("gcc", "handover.c", program, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror");
        return start(count, List.of(program.toString()));
    }

    private static HandOver start(int count, List<String> command) throws IOException {
        HandOver all = new HandOver();
        try {
            for (int i = 0; i < count; i++) {
                Process process = new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
                all.processes.add(process);
                all.outputs.add(process.inputReader());
            }
            for (BufferedReader output : all.outputs) {
                String line = output.readLine();
                if (!"ready".equals(line)) {
                    throw new IOException("a process did not get ready, but said " + line);
                }
            }
            return all;
        } catch (IOException failed) {
            all.close();
            throw failed;
        }
    }

    /** Lets the first of the processes take a lock, all at once; each so often, and so long each time. */
    Turns take(int count, Path lockFile, int rounds, Duration hold) throws IOException {
        for (Process process : processes.subList(0, count)) {
            process.outputWriter().write(rounds + " " + hold.toNanos() + " " + lockFile + "\n");
        }
        for (Process process : processes.subList(0, count)) {
            process.outputWriter().flush();
        }
        List<Turn> turns = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            for (int round = 0; round < rounds; round++) {
                String line = outputs.get(i).readLine();
                if (line == null) {
                    throw new IOException("process " + i + " ended after " + round + " of its turns");
                }
                String[] words = line.split(" ", -1);
                turns.add(new Turn(i, Long.parseLong(words[0]), Long.parseLong(words[1])));
            }
        }
        turns.sort(Comparator.comparingLong(Turn::granted));
        return new Turns(turns, count);
    }

    /** Ends them all. */
    @Override
    public void close() throws IOException {
        for (Process process : processes) {
            process.destroyForcibly();
        }
        try {
            for (Process process : processes) {
                process.waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("ending the processes");
        }
    }
}
