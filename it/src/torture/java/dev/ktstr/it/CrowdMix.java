package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Processes of ours, in two pid namespaces, and of the original's kind, which all use one store at random and kill one
 * another. One that was killed is started again.
 */
final class CrowdMix {
    private enum Kind {
        OURS,
        /** Ours, in the other pid namespace. */
        INSIDE,
        /** Of the original's kind. */
        ORIGINAL
    }

    private static final String IN_THE_OTHER = "in the other namespace: ";
    private static final String KILLED = "killed by another";
    private static final int SIGKILLED = 128 + 9;
    private static final int PEER_SECONDS = 3; // it says what it has done only in the end

    /** For what has not happened yet, on a machine that has other things to do. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** What must have happened, or nothing was tried. */
    private static final List<String> OPERATIONS = List.of(
            "stored",
            "replaced",
            "already",
            "leases",
            "own-leases",
            "foreign-leases",
            "lookups",
            "lists",
            "cleans",
            "removed",
            "swept",
            "clones",
            "template-cleans",
            "original: stored",
            "original: replaced",
            "original: lookups",
            "original: runs",
            "original: foreign-runs",
            IN_THE_OTHER + "leases",
            IN_THE_OTHER + "clones",
            KILLED);

    private final Path root;
    private final Peer peer;
    private final Path scratch;
    private final PidNamespace namespace;
    private final Trials trials;
    private final Random seeds;
    private final int count;

    /** On average, for each process. */
    private final int stepsFromKillToKill;

    private final List<String> keys;
    private final Tally tally = new Tally();
    private final Set<Process> processes = ConcurrentHashMap.newKeySet();
    private volatile boolean isOver;

    CrowdMix(Path root, Peer peer, Path scratch, PidNamespace namespace, Trials trials, Random seeds, Extent extent) {
        this.root = root;
        this.peer = peer;
        this.scratch = scratch;
        this.namespace = namespace;
        this.trials = trials;
        this.seeds = seeds;
        this.count = extent.of(8, 32);
        this.stepsFromKillToKill = extent.of(25, 100);
        this.keys = IntStream.range(0, extent.of(6, 12))
                .mapToObj(i -> "6.14.2-" + i)
                .toList();
    }

    List<String> keys() {
        return keys;
    }

    /** A quarter is of the original's kind, and half are in the namespace. Runs on until everything has happened. */
    void run(Duration atLeast) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Kind kind = i % 2 == 0 ? Kind.INSIDE : i % 4 == 1 ? Kind.OURS : Kind.ORIGINAL;
                Random random = new Random(seeds.nextLong());
                running.add(threads.submit(() -> keepRunning(kind, random)));
            }
            awaitEverything(atLeast);
            end();
            for (Future<?> each : running) {
                each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (TimeoutException hangs) {
            trials.violation("random use", "a process does not end: " + processes);
        } finally {
            processes.forEach(Process::destroyForcibly);
            threads.shutdownNow();
        }
    }

    private void awaitEverything(Duration atLeast) throws InterruptedException {
        TimeUnit.SECONDS.sleep(atLeast.toSeconds());
        long start = System.nanoTime();
        while (System.nanoTime() - start < PATIENCE.toNanos()
                && OPERATIONS.stream().anyMatch(operation -> tally.of(operation) == 0)) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private void end() {
        isOver = true;
        processes.forEach(CrowdMix::end);
    }

    private static void end(Process process) {
        try {
            process.getOutputStream().close();
        } catch (IOException ended) { // as is wanted
        }
    }

    private List<String> command(Kind kind, long seed) {
        return switch (kind) {
            case OURS -> ours(seed);
            case INSIDE -> namespace.inside(ours(seed));
            case ORIGINAL -> originals(seed);
        };
    }

    private List<String> ours(long seed) {
        List<String> arguments = new ArrayList<>(List.of(
                root.toString(), scratch.toString(), Long.toString(seed), Integer.toString(stepsFromKillToKill)));
        arguments.addAll(keys);
        return CrowdMember.command(CrowdMixMain.class, peer.kernel(), arguments.toArray(String[]::new));
    }

    private List<String> originals(long seed) {
        List<String> command = new ArrayList<>(
                peer.command("run", root, Integer.toString(PEER_SECONDS), Long.toString((seed >>> 44) + 1), "strict"));
        command.addAll(keys);
        return command;
    }

    private @Nullable Void keepRunning(Kind kind, Random random) throws Exception {
        while (!isOver) {
            long seed = random.nextLong();
            Process process = Commands.start(command(kind, seed));
            processes.add(process);
            if (isOver) {
                end(process);
            }
            String said = count(kind, process); // warnings, or why it failed
            int exit = process.waitFor();
            processes.remove(process);
            if (exit == SIGKILLED) {
                tally.add(KILLED);
            }
            if ((exit != SIGKILLED && exit != 0) || !said.isEmpty()) {
                trials.violation("random use", "seed " + seed + ", exit " + exit + ": " + said);
            }
        }
        return null;
    }

    /** Adds up what a process prints, until it ends; the lines that are no counts. */
    private String count(Kind kind, Process process) throws IOException {
        List<String> others = new ArrayList<>();
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (!line.matches("[a-z-]+=[0-9]+")) {
                others.add(line);
            }
            tally.addLines(kind == Kind.ORIGINAL ? "original: " : "", line);
            if (kind == Kind.INSIDE) {
                tally.addLines(IN_THE_OTHER, line);
            }
        }
        return String.join("\n", others);
    }

    /** What was done, as trials. */
    void count() {
        OPERATIONS.forEach(operation -> trials.fired("random use: " + operation, tally.of(operation)));
    }
}
