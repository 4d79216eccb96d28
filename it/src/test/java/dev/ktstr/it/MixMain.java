package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.event.KtstrEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A process that uses a store at random for a while, on two threads, and prints how often it did what. */
final class MixMain {
    private static final int THREADS = 2;

    private MixMain() {}

    /** Arguments: store, templates of boot image and vmlinux, scratch directory, seconds, seed, mode, keys. */
    public static void main(String[] arguments) throws Exception {
        Tally tally = new Tally();
        KernelCache cache = KernelCache.at(Path.of(arguments[0])).withEvents(event -> count(event, tally));
        MarkedKernel kernel = new MarkedKernel(Path.of(arguments[1]), Path.of(arguments[2]));
        Duration time = Duration.ofSeconds(Long.parseLong(arguments[4]));
        Random seeds = new Random(Long.parseLong(arguments[5]));
        List<String> keys = List.of(arguments).subList(7, arguments.length);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Void>> futures = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                Path scratch = Files.createTempDirectory(Path.of(arguments[3]), "mix");
                Random random = new Random(seeds.nextLong());
                Mix.Mode mode = Mix.Mode.valueOf(arguments[6]);
                Mix mix = new Mix(cache, kernel, scratch, keys, mode, random, tally);
                futures.add(threads.submit(() -> run(mix, time)));
            }
            for (Future<Void> future : futures) {
                future.get();
            }
        } finally {
            threads.shutdown();
        }
        System.out.print(tally);
    }

    private static @Nullable Void run(Mix mix, Duration time) throws Exception {
        long start = System.nanoTime();
        while (System.nanoTime() - start < time.toNanos()) {
            mix.step();
        }
        return null;
    }

    static List<String> command(
            Path root, MarkedKernel kernel, Path scratch, long seconds, long seed, Mix.Mode mode, List<String> keys) {
        List<String> command = new ArrayList<>(Commands.jvm(
                MixMain.class,
                root.toString(),
                kernel.imageTemplate().toString(),
                kernel.vmlinuxTemplate().toString(),
                scratch.toString(),
                Long.toString(seconds),
                Long.toString(seed),
                mode.name()));
        command.addAll(keys);
        return command;
    }

    static void count(KtstrEvent event, Tally tally) {
        if (event instanceof KtstrEvent.Swept swept) {
            boolean ours = swept.path().toString().matches(".*\\.[0-9a-f]{8}");
            tally.add(ours ? "swept-own" : "swept-foreign");
            tally.add("swept");
        } else if (event.isWarning()) {
            tally.add("warnings");
            System.out.println(event.message());
        }
    }
}
