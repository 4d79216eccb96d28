package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class ManyOrphans {
    /** Of a boot image that was being written. */
    private static final int WRITTEN = 4096;

    @Param("")
    public String directory = "";

    @Param("0")
    public int count;

    /** How many are swept first, so that the code is equally warm whatever the count. */
    @Param("0")
    public int before;

    private KernelCache cache = KernelCache.at(Path.of("unused"));
    private int left;
    private int swept;

    /** Leaves staging directories of so many keys, with the lock files of their dead writers, in a new store. */
    static Path leave(Path directory, int count) throws IOException {
        Path root = Files.createTempDirectory(directory, "orphans");
        Path locks = Files.createDirectory(root.resolve(".locks"));
        byte[] content = new byte[WRITTEN];
        for (int i = 0; i < count; i++) {
            Files.createFile(locks.resolve("kernel-" + i + ".lock"));
            Path staging = Files.createDirectory(
                    root.resolve(".tmp-kernel-%d-%d.%s".formatted(i, i + 2, Environment.system().randomSuffix())));
            Files.write(staging.resolve("bzImage"), content);
        }
        return root;
    }

    @Setup
    public void warmUp() throws IOException {
        leave(before);
        sweep();
        requireSwept();
    }

    @Setup(Level.Iteration)
    public void leave() throws IOException {
        leave(count);
    }

    private void leave(int orphans) throws IOException {
        left = orphans;
        cache = KernelCache.at(leave(Path.of(directory), orphans));
    }

    @Benchmark
    public CleanReport sweep() throws IOException {
        CleanReport report =
                cache.clean(CleanPolicy.builder().corruptOnly(true).build());
        swept = report.swept();
        return report;
    }

    @TearDown(Level.Iteration)
    public void requireSwept() {
        if (swept != left) {
            throw new IllegalStateException(swept + " of " + left + " orphans were swept");
        }
    }
}
