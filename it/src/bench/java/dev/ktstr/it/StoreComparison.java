package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The whole of a store. */
final class StoreComparison implements Comparison {
    private static final int COPIES = 5;

    @Override
    public String name() {
        return "store";
    }

    @Override
    public String title() {
        return "Store a kernel";
    }

    @Override
    public String method() {
        return """
                `KernelCache.store` of Debian's kernel from its files (boot image, `vmlinux` of 590 MB, configuration; no modules, no key given)
                into a store that is not there yet, in a JVM that has done it ten times; against `cp` of the files that are kept (those
                of the entry, already stripped) into a new directory, and `sync` of each of them, of the directory and of the one above, which is one
                `fsync` each. All sources are in the page cache. Both on the disk; old stores and copies are removed meanwhile, untimed.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        Path directory = laboratory.newDirectory();
        RealKernel kernel = laboratory.kernel();
        Path entry = KernelCache.at(directory.resolve("kept"))
                .store(kernel.request().build())
                .entry()
                .directory();
        Map<String, String> parameters = Map.of(
                "directory",
                directory.toString(),
                "image",
                kernel.image().toString(),
                "vmlinux",
                kernel.vmlinux().toString(),
                "config",
                kernel.config().toString());
        List<Pair> pairs = laboratory.pairs(
                () -> Jmh.seconds(laboratory.effort(), WarmStore.class, "store", parameters),
                () -> copies(entry, laboratory));
        results.figure(() -> new Figure(
                "store-warm",
                "`store`, warm",
                "`cp` and `sync` of what is kept",
                Unit.SECONDS,
                Target.ratio(2),
                pairs));
    }

    /** The median of as many as {@link WarmStore} measures. */
    private static double copies(Path entry, Laboratory laboratory) throws Exception {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < COPIES; i++) {
            seconds.add(copy(entry, laboratory.newDirectory()));
        }
        return Spread.of(seconds).median();
    }

    private static double copy(Path entry, Path directory) throws Exception {
        Path target = directory.resolve("entry");
        String script = "mkdir %1$s && cp %2$s/* %1$s && sync %1$s/* %1$s %3$s".formatted(target, entry, directory);
        double seconds = Laboratory.time("sh", "-c", script);
        Commands.run("rm", "-r", directory.toString());
        return seconds;
    }
}
