package dev.ktstr.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Two who work at the same time, each on a file system of another kind: one that shares blocks, and whatever the arena is on. */
final class Crew {
    static final int SIZE = 2;

    private Crew() {}

    /** What each of them does. */
    interface Work {
        /**
         * Does one's part.
         *
         * @param share which half of the work, where they share it: 0 or 1, by chance
         */
        void run(Ground ground, int share, Random random) throws Exception;
    }

    static void run(Arena arena, Work work) throws Exception {
        Commands.requireProgram("strace");
        Random seeds = arena.random();
        ExecutorService threads = Executors.newFixedThreadPool(SIZE);
        try (HostMount mount = HostMount.of(HostMount.Kind.XFS, arena.newDirectory())) {
            List<Future<?>> all = new ArrayList<>();
            int first = seeds.nextInt(SIZE);
            for (int i = 0; i < SIZE; i++) {
                int share = (first + i) % SIZE;
                Path directory =
                        Files.createDirectory((i == 0 ? mount.path() : arena.newDirectory()).resolve("ground" + i));
                Random random = new Random(seeds.nextLong());
                all.add(threads.submit(() -> {
                    work.run(Ground.make(directory, directory.resolveSibling("inputs")), share, random);
                    return null;
                }));
            }
            try {
                for (Future<?> each : all) {
                    each.get();
                }
            } catch (ExecutionException failed) {
                throw new IllegalStateException("a campaign could not be fought", failed.getCause());
            } finally {
                threads.shutdownNow();
                threads.awaitTermination(1, TimeUnit.MINUTES);
                TimeUnit.MILLISECONDS.sleep(500); // what a victim had started may be ending still
            }
        }
    }
}
