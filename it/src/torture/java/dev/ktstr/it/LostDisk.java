package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A file system that is made read-only, or taken away, while a process writes to its store. */
final class LostDisk implements AutoCloseable {
    /** What happens to it. */
    private enum Kind {
        /** By somebody who waits for a moment when no file is open for writing. */
        READ_ONLY("remounted read-only"),
        /** By the file system itself, as after an error of its disk. */
        ABORTED("aborted"),
        /** From under its users: what they have open stays, what they look for by name is gone. */
        DETACHED("unmounted while in use");

        private final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    private static final int LONGEST_MICROS = 40_000;
    private static final int REMOUNTS = 2000;

    private final Random random;
    private final MarkedKernel kernel;
    private final CutDisk disk;
    private final Path root;
    private final Path scratch;
    private final Ledger ledger = new Ledger();
    private final Load load;

    private LostDisk(Arena arena, MarkedKernel kernel, CutDisk disk) throws IOException, InterruptedException {
        this.random = arena.random();
        this.kernel = kernel;
        this.disk = disk;
        this.root = disk.path().resolve("kernels");
        this.scratch = arena.newDirectory();
        this.load = Load.start(root, kernel, arena.newDirectory(), Map.of(), ledger);
        load.warmUp();
    }

    static void run(Arena arena, MarkedKernel kernel, Path program, Trials trials) throws Exception {
        try (CutDisk disk = CutDisk.make(CutDisk.Kind.EXT4, program, arena.newDirectory());
                LostDisk lost = new LostDisk(arena, kernel, disk)) {
            for (int i = 0; i < arena.extent().of(15, 300); i++) {
                for (Kind kind : Kind.values()) {
                    lost.trial(kind, i, trials);
                }
            }
        }
    }

    private void trial(Kind kind, int number, Trials trials) throws Exception {
        long seed = random.nextLong();
        int micros = random.nextInt(LONGEST_MICROS);
        load.go(seed);
        TimeUnit.MICROSECONDS.sleep(micros);
        List<String> problems = new ArrayList<>();
        boolean fired = switch (kind) {
            case READ_ONLY -> readOnly(problems);
            case ABORTED -> aborted(problems);
            case DETACHED -> detached(problems);
        };
        String history = ledger.history();
        Inspection inspection = new Inspection(root)
                .readAgainst(ledger)
                .use(kernel, LoadMain.KERNELS.get(number % 2), LoadMain.generation(random), scratch);
        ledger.found(inspection.found());
        problems.addAll(inspection.problems());
        if (fired) {
            trials.fired(kind.title);
        } else {
            trials.unfired(kind.title);
        }
        String circumstances = " (trial " + number + ", load " + seed + ", after " + micros + " us; " + history + "; "
                + load.other().strip().replace('\n', ';') + ")";
        problems.forEach(problem -> trials.violation(kind.title, problem + circumstances));
    }

    private boolean readOnly(List<String> problems) throws Exception {
        boolean done = false;
        for (int i = 0; i < REMOUNTS && !done; i++) {
            Process remount = Commands.start(
                    List.of("mount", "-o", "remount,ro", disk.path().toString()));
            remount.getInputStream().readAllBytes();
            done = remount.waitFor() == 0;
        }
        if (!done) {
            load.stop();
            return false;
        }
        load.join();
        requireClearErrors(Kind.READ_ONLY, problems);
        problems.addAll(new Inspection(root).readAgainst(ledger).problems());
        StoreUser user = new StoreUser(root, kernel, scratch);
        StoreUser newcomer = new StoreUser(disk.path().resolve("new"), kernel, scratch);
        List<Attempt> attempts = new ArrayList<>(List.of(
                user.store("k1", LoadMain.generation(random)),
                user.remove("k1"),
                user.removeTemplates(),
                user.newDisk(),
                user.sweep(),
                newcomer.store("k1", LoadMain.generation(random)),
                newcomer.newDisk(),
                newcomer.sweep()));
        attempts.addAll(user.prepareBuild());
        attempts.addAll(newcomer.prepareBuild());
        for (Attempt attempt : attempts) {
            if (!attempt.isClear()) {
                problems.add("no clear error on a read-only disk: " + attempt.describe());
            }
        }
        for (String key : LoadMain.KERNELS) {
            if (Files.isDirectory(root.resolve(key)) && !user.lease(key).succeeded()) {
                problems.add(
                        "cannot be used on a read-only disk: " + user.lease(key).describe());
            }
        }
        Commands.run("mount", "-o", "remount,rw", disk.path().toString());
        return true;
    }

    private boolean aborted(List<String> problems) throws Exception {
        boolean busy = !ledger.underWay().isEmpty();
        Commands.run("mount", "-o", "remount,abort", disk.path().toString());
        load.join();
        requireClearErrors(Kind.ABORTED, problems);
        boolean free = disk.mountAgain();
        if (!free) {
            problems.add("process " + load.pid() + " has kept something open on the aborted disk");
        }
        return busy;
    }

    private boolean detached(List<String> problems) throws Exception {
        ledger.close(); // what returns from now on may be in the directory below
        Commands.run("umount", "-l", disk.path().toString());
        TimeUnit.MILLISECONDS.sleep(20);
        load.stop();
        requireClearErrors(Kind.DETACHED, problems);
        boolean used = !load.other().isEmpty() || Files.exists(root);
        Inspection below = new Inspection(root).read();
        problems.addAll(below.problems());
        Commands.run("sh", "-c", "rm -rf \"$1\"/*", "sh", disk.path().toString());
        disk.mountAgain();
        Inspection above = new Inspection(root).read();
        for (String key : LoadMain.KERNELS) {
            String last = ledger.last(key).orElse(Ledger.ABSENT);
            if (!last.equals(Ledger.ABSENT)
                    && !last.equals(below.found().get(key))
                    && !last.equals(above.found().get(key))) {
                problems.add("the store of " + last + " as " + key + " had returned, and it is on neither disk");
            }
        }
        return used;
    }

    private void requireClearErrors(Kind kind, List<String> problems) {
        try (Stream<String> lines = load.other().lines()) {
            lines.forEach(line -> {
                // Out of a directory that is gone a clean removes nothing, and says so without a failure.
                boolean skipped = kind == Kind.DETACHED && line.contains("not removed: ") && line.contains("failed=[]");
                if (!line.contains("KT-") && !skipped) {
                    problems.add("no clear error: " + line);
                } else if (line.contains("somebody else") && kind != Kind.DETACHED) {
                    problems.add("blames somebody else, and there is nobody: " + line);
                }
            });
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        load.close();
    }
}
