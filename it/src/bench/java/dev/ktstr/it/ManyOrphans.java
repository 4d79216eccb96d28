package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What many stores left behind that were killed, as JMH has it swept. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Warmup(iterations = 1)
@Measurement(iterations = 1)
public class ManyOrphans {
    /** Of a boot image that was being written. */
    private static final int WRITTEN = 4096;

    @Param("")
    public String directory = "";

    @Param("0")
    public int count;

    /** How many such stores are swept in one call: as much is done, and compiled, for a small count as for a large one. */
    @Param("1")
    public int times;

    private final List<KernelCache> caches = new ArrayList<>();

    /** Leaves staging directories of so many keys, with the lock files of their dead writers, in a new store. */
    static Path leave(Path directory, int count) throws IOException {
        Path root = Files.createTempDirectory(directory, "orphans");
        Path locks = Files.createDirectory(root.resolve(".locks"));
        byte[] content = new byte[WRITTEN];
        for (int i = 0; i < count; i++) {
            Files.createFile(locks.resolve("kernel-" + i + ".lock"));
            Path staging = Files.createDirectory(root.resolve(".tmp-kernel-%d-%d.%s"
                    .formatted(i, i + 2, Environment.system().randomSuffix())));
            Files.write(staging.resolve("bzImage"), content);
        }
        return root;
    }

    @Setup(Level.Iteration)
    public void leave() throws IOException {
        caches.clear();
        for (int i = 0; i < times; i++) {
            caches.add(KernelCache.at(leave(Path.of(directory), count)));
        }
    }

    @TearDown(Level.Iteration)
    public void remove() throws IOException, InterruptedException {
        for (KernelCache cache : caches) {
            Commands.run("rm", "-r", cache.root().toString());
        }
    }

    @Benchmark
    public int sweep() throws IOException {
        int swept = 0;
        for (KernelCache cache : caches) {
            swept +=
                    cache.clean(CleanPolicy.builder().corruptOnly(true).build()).swept();
        }
        if (swept != count * times) {
            throw new IllegalStateException(swept + " of " + (count * times) + " orphans were swept");
        }
        return swept;
    }
}
