package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.StoreResult;
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

/** One store after the other, each new. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Warmup(iterations = 10)
@Measurement(iterations = 5)
public class WarmStore {
    @Param("")
    public String directory = "";

    @Param("")
    public String image = "";

    @Param("")
    public String vmlinux = "";

    @Param("")
    public String config = "";

    private Path root = Path.of("unused");

    @Setup(Level.Iteration)
    public void choose() throws IOException {
        root = Files.createTempDirectory(Path.of(directory), "store");
    }

    @Benchmark
    public StoreResult store() throws IOException {
        RealKernel kernel = new RealKernel(Path.of(image), Path.of(vmlinux), Path.of(config));
        return KernelCache.at(root.resolve("kernels")).store(kernel.request().build());
    }

    @TearDown(Level.Iteration)
    public void remove() throws IOException, InterruptedException {
        Commands.run("rm", "-r", root.toString());
    }
}
