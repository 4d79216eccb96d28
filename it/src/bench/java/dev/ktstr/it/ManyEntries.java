package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.ListedEntry;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A store of many kernels, as JMH lists it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Warmup(iterations = 3)
@Measurement(iterations = 3)
public class ManyEntries {
    @Param("")
    public String root = "";

    @Param("0")
    public int count;

    /** How often in one call: as much is done, and compiled, for a small count as for a large one. */
    @Param("1")
    public int times;

    private KernelCache cache = KernelCache.at(Path.of("unused"));

    /** Stores a kernel, and makes copies of its entry under other keys: their large files are links to its own. */
    static void make(Path root, RealKernel kernel, int count) throws IOException {
        KernelEntry stored = KernelCache.at(root)
                .store(kernel.request().key("kernel-0").build())
                .entry();
        for (int i = 1; i < count; i++) {
            Path copy = Files.createDirectory(root.resolve("kernel-" + i));
            try (DirectoryStream<Path> files = Files.newDirectoryStream(stored.directory())) {
                for (Path file : files) {
                    Path target = copy.resolve(file.getFileName());
                    if (target.endsWith("metadata.json")) {
                        Files.copy(file, target);
                    } else {
                        Files.createLink(target, file);
                    }
                }
            }
        }
    }

    @Setup
    public void check() throws IOException {
        cache = KernelCache.at(Path.of(root));
        List<ListedEntry> all = cache.list();
        if (all.size() != count || !all.stream().allMatch(ListedEntry.Valid.class::isInstance)) {
            throw new IllegalStateException("not " + count + " usable entries in " + root);
        }
    }

    @Benchmark
    public int list() throws IOException {
        int listed = 0;
        for (int i = 0; i < times; i++) {
            listed += cache.list().size();
        }
        return listed;
    }
}
