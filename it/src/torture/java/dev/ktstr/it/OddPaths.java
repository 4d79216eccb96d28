package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** Stores at paths, and kernels under keys, that are as long as they can be, or longer. */
final class OddPaths {
    /** With the NUL behind it, PATH_MAX. */
    private static final int LONGEST_PATH = 4095;

    private static final int LONGEST_NAME = 255;

    private final Random random;
    private final MarkedKernel kernel;
    private final Path directory;
    private final Path scratch;

    private OddPaths(Arena arena, MarkedKernel kernel, Path directory) throws IOException {
        this.random = arena.random();
        this.kernel = kernel;
        this.directory = directory;
        this.scratch = arena.newDirectory();
    }

    static void run(Arena arena, MarkedKernel kernel, Trials trials) throws Exception {
        Path directory = arena.newDirectory();
        Commands.run("mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", directory.toString());
        try {
            OddPaths odd = new OddPaths(arena, kernel, directory);
            int step = arena.extent().of(11, 1);
            for (int length = LONGEST_PATH - 330; length <= LONGEST_PATH + 2; length += step) {
                odd.root(length, trials);
            }
            for (int length = 150; length <= LONGEST_NAME + 2; length += step) {
                odd.key(length, trials);
            }
        } finally {
            Commands.run("umount", directory.toString());
        }
    }

    private void root(int length, Trials trials) throws Exception {
        Path top = Files.createTempDirectory(directory, "long");
        Path root = pathOf(top, length);
        StoreUser user = new StoreUser(root, kernel, scratch);
        List<Attempt> attempts = new ArrayList<>(List.of(
                user.store("k", LoadMain.generation(random)),
                user.store("k", LoadMain.generation(random)),
                user.lease("k"),
                user.list(),
                user.ensureTemplate(),
                user.newDisk(),
                user.sweep()));
        if (random.nextBoolean()) {
            attempts.add(user.remove("k"));
        }
        List<String> problems = new ArrayList<>();
        for (Attempt attempt : attempts) {
            if (!attempt.isClear()) {
                problems.add("no clear error: " + attempt.describe());
            }
        }
        Path near = directory.resolve("near" + length);
        if (Files.exists(root)) {
            Files.move(root, near); // where all that is in it can be reached
            Inspection inspection = new Inspection(near)
                    .readAgainst(user.ledger())
                    .noDebris()
                    .use(kernel, "k", LoadMain.generation(random), scratch);
            problems.addAll(inspection.problems());
        }
        trials.fired(attempts.get(0).succeeded() ? "very long path: used" : "very long path: refused");
        problems.forEach(problem -> trials.violation("very long path", problem + " (a root of " + length + " bytes)"));
        Commands.run("rm", "-rf", top.toString(), near.toString());
    }

    private void key(int length, Trials trials) throws Exception {
        Path root = directory.resolve("keys");
        String key = "k".repeat(length);
        StoreUser user = new StoreUser(root, kernel, scratch);
        List<String> problems = new ArrayList<>();
        Attempt store = user.store(key, LoadMain.generation(random));
        List<Attempt> others = List.of(user.store(key, LoadMain.generation(random)), user.lease(key), user.remove(key));
        for (Attempt attempt : others) {
            if (attempt.succeeded() != store.succeeded()) {
                problems.add("stored but not used, or the other way round: " + attempt.describe());
            }
            if (!attempt.isClear()) {
                problems.add("no clear error: " + attempt.describe());
            }
        }
        if (!store.isClear()) {
            problems.add("no clear error: " + store.describe());
        }
        Inspection inspection = new Inspection(root)
                .readAgainst(user.ledger())
                .noDebris()
                .use(kernel, "k", LoadMain.generation(random), scratch);
        new StoreUser(root, kernel, scratch).remove("k");
        problems.addAll(inspection.problems());
        trials.fired(store.succeeded() ? "very long key: used" : "very long key: refused");
        problems.forEach(problem -> trials.violation("very long key", problem + " (a key of " + length + " bytes)"));
    }

    /** A path of so many bytes, of which the parent exists, unless that is too long. */
    private static Path pathOf(Path top, int length) throws IOException {
        Path path = top;
        while (length - path.toString().length() > 1) {
            int left = length - path.toString().length() - 1;
            // never leave one byte over, which would have to be the slash
            int name = Math.min(left > 200 && left < 203 ? 100 : 200, left);
            path = path.resolve("p".repeat(name));
        }
        Path parent = Objects.requireNonNull(path.getParent());
        if (parent.toString().length() <= LONGEST_PATH) {
            Files.createDirectories(parent);
        }
        return path;
    }
}
