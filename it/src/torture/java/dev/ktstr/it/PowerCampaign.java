package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Cuts the power while a process stores, replaces and removes kernels and makes templates. What is on the disk afterwards has to
 * be whole, and what the last call that returned has left or what a later one has meant to. Each trial goes on with the disk of
 * the one before. Then the same with the {@code fsync}s taken out of the process from outside, where damage has to be found:
 * otherwise the trials say nothing.
 */
final class PowerCampaign implements Campaign {
    private static final int ROOTS = 8;
    private static final int LONGEST_MICROS = 30_000;

    /** The power is cut a moment after the load has begun, or after a call of one of these kinds has returned. */
    private static final List<String> RETURNED =
            List.of(Ledger.STORE, Ledger.REMOVAL, Ledger.TEMPLATE, Ledger.TEMPLATE_REMOVAL);

    private static final int PATIENCE_MILLIS = 3000;
    private static final int SABOTAGED = 40;

    @Override
    public String name() {
        return "power";
    }

    @Override
    public String title() {
        return "Power cut at a random moment on ext4, xfs and btrfs";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        for (CutDisk.Kind kind : CutDisk.Kind.values()) {
            Bench bench = Bench.make(kind, arena);
            int times = kind == CutDisk.Kind.BTRFS
                    ? arena.extent().of(25, 200)
                    : arena.extent().of(70, 1000);
            // First: where these find nothing, nor do the others.
            for (String which : List.of("files", "directories")) {
                bench.cutWithoutSync(which, trials);
            }
            bench.cut(times, trials);
        }
    }

    /** What has to have returned before a cut: each in its turn, and every so often nothing. */
    private static Optional<String> awaited(int trial) {
        int turn = trial % (RETURNED.size() + 1);
        return turn == 0 ? Optional.empty() : Optional.of(RETURNED.get(turn - 1));
    }

    /** What the trials on one kind of file system work with. */
    private record Bench(
            CutDisk.Kind kind, Arena arena, Random random, MarkedKernel kernel, Path program, Path nosync, Path own) {
        static Bench make(CutDisk.Kind kind, Arena arena) throws IOException, InterruptedException {
            Path directory = arena.newDirectory();
            Path nosync = directory.resolve("nosync.so");
            Peer.compile(
                    "gcc",
                    "../../torture/c/nosync.c",
                    nosync,
                    "-std=gnu11",
                    "-O1",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-shared",
                    "-fPIC");
            return new Bench(
                    kind,
                    arena,
                    arena.random(),
                    MarkedKernel.make(directory),
                    CutDisk.compile(directory),
                    nosync,
                    Files.createDirectory(directory.resolve("own")));
        }

        void cut(int times, Trials trials) throws Exception {
            String name = kind + ": power cut";
            try (Series series = start(Map.of())) {
                for (int trial = 0; trial < times; trial++) {
                    Outcome outcome = series.trial(trial);
                    if (outcome.underWay().isEmpty()) {
                        trials.unfired(name);
                    } else {
                        trials.fired(name);
                    }
                    outcome.underWay().forEach(what -> trials.fired(name + " during a " + what));
                    outcome.done().forEach(what -> trials.fired(name + " after a " + what));
                    awaited(trial)
                            .filter(what -> !outcome.done().contains(what))
                            .ifPresent(what -> trials.unfired(name + " after a " + what));
                    outcome.problems().forEach(problem -> trials.violation(name, problem));
                }
            }
        }

        /** As {@link #cut}, until the damage shows. */
        void cutWithoutSync(String which, Trials trials) throws Exception {
            String name = kind + ": finds that fsync of " + which + " is missing";
            try (Series series = start(Map.of("LD_PRELOAD", nosync.toString(), "NOSYNC", which))) {
                for (int trial = 0; trial < SABOTAGED; trial++) {
                    if (series.trial(trial).damaged()) {
                        trials.fired(name);
                        return;
                    }
                }
            }
            trials.unfired(name);
            trials.violation(name, "not one of " + SABOTAGED + " cuts did any damage: the trials find nothing");
        }

        private Series start(Map<String, String> variables) throws IOException, InterruptedException {
            CutDisk disk = CutDisk.make(kind, program, arena.newDirectory());
            try {
                return new Series(this, disk, variables);
            } catch (IOException | InterruptedException | RuntimeException failed) {
                disk.close();
                throw failed;
            }
        }
    }

    /**
     * What came of one cut.
     *
     * @param underWay the kinds of calls that were under way
     * @param done the kinds of calls that had returned since the cut before
     * @param damaged whether what was on the disk is not what should have been there
     */
    private record Outcome(Set<String> underWay, Set<String> done, boolean damaged, List<String> problems) {}

    /** Cuts on one disk, one after the other. */
    private static final class Series implements AutoCloseable {
        private final Bench bench;
        private final CutDisk disk;
        private final Ledger ledger = new Ledger();
        private final Path root;
        private final Load load;

        Series(Bench bench, CutDisk disk, Map<String, String> variables) throws IOException, InterruptedException {
            this.bench = bench;
            this.disk = disk;
            this.root = disk.path().resolve("new/kernels");
            this.load = Load.start(root, bench.kernel, bench.arena.newDirectory(), variables, ledger);
            load.warmUp();
        }

        Outcome trial(int number) throws Exception {
            if (number % ROOTS == 0) {
                Commands.run("rm", "-rf", disk.path().resolve("new").toString());
                Commands.run("sync", "-f", disk.path().toString());
                ledger.found(Map.of());
            }
            long seed = bench.random.nextLong();
            long micros = bench.random.nextInt(LONGEST_MICROS);
            CutDisk.Cut cut = disk.prepare();
            load.go(seed);
            Optional<String> awaited = awaited(number);
            if (awaited.isPresent()) {
                ledger.awaitDone(awaited.get(), PATIENCE_MILLIS);
            }
            TimeUnit.MICROSECONDS.sleep(micros);
            if (bench.kind != CutDisk.Kind.EXT4) {
                // On btrfs the process goes on undisturbed; xfs lets an fsync of a directory succeed that came too
                // late.
                // Only ext4 tells everybody of the failure, so that whatever returns there has to last.
                ledger.close();
            }
            Set<String> underWay = ledger.underWay();
            Set<String> done = ledger.done();
            cut.happen();
            if (bench.kind == CutDisk.Kind.BTRFS) {
                load.stop();
            } else {
                load.join();
            }
            String history = ledger.history();
            boolean free = disk.mountAgain();
            Inspection inspection = new Inspection(root).readAgainst(ledger);
            boolean damaged = !inspection.problems().isEmpty();
            inspection.use(
                    bench.kernel,
                    LoadMain.KERNELS.get(number % LoadMain.KERNELS.size()),
                    LoadMain.generation(bench.random),
                    bench.own);
            ledger.found(new TreeMap<>(inspection.found()));
            List<String> problems = new ArrayList<>(inspection.problems());
            if (!free) {
                problems.add("process " + load.pid() + " has kept something open on the disk that failed");
            }
            String circumstances = " (trial " + number + ", load " + seed + ", cut after " + micros + " us; " + history
                    + "; " + load.other().strip().replace('\n', ';') + ")";
            return new Outcome(
                    underWay,
                    done,
                    damaged,
                    problems.stream().map(problem -> problem + circumstances).toList());
        }

        @Override
        public void close() throws Exception {
            try (disk) {
                load.close();
            }
        }
    }
}
