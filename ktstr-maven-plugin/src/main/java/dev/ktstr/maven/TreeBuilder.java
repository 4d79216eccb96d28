package dev.ktstr.maven;

import dev.ktstr.Environment;
import dev.ktstr.cache.Checksums;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.Modules;
import dev.ktstr.event.EventSink;
import dev.ktstr.maven.build.BuildOutcome;
import dev.ktstr.maven.build.BuildReport;
import dev.ktstr.maven.build.BuildRequest;
import dev.ktstr.maven.build.KernelBuild;
import dev.ktstr.maven.build.TreeLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.maven.plugin.logging.Log;

/** Builds source trees, for every goal that does, and says in the log how it goes. */
final class TreeBuilder implements BuildReport {
    private final Environment environment;
    private final KernelCache cache;
    private final EventSink events;
    private final Progress meter;
    private final Log log;
    private final Optional<Path> buildDirectory;

    /** @param buildDirectory the project's, for what make prints; without a project that goes to a temporary file */
    TreeBuilder(
            Environment environment,
            KernelCache cache,
            EventSink events,
            Progress meter,
            Log log,
            Optional<Path> buildDirectory) {
        this.environment = environment;
        this.cache = cache;
        this.events = events;
        this.meter = meter;
        this.log = log;
        this.buildDirectory = buildDirectory;
    }

    /** What {@link #build(Path, Modules, Optional)} would find stored. */
    Optional<KernelEntry> stored(Path tree, Modules modules, Optional<String> key) throws IOException {
        return of(usual(tree, modules, key)).stored();
    }

    /**
     * With our options only, on the usual share of this machine, unless the kernel is stored already.
     *
     * @param key the name to store it by; empty to derive one
     */
    BuildOutcome build(Path tree, Modules modules, Optional<String> key) throws IOException {
        return of(usual(tree, modules, key)).run();
    }

    private BuildRequest usual(Path tree, Modules modules, Optional<String> key) {
        return new BuildRequest(
                tree,
                Optional.empty(),
                Optional.of(modules),
                key,
                OptionalInt.empty(),
                false,
                TreeLock.TIMEOUT,
                Optional.empty(),
                logOf(tree),
                buildDirectory.isPresent());
    }

    /** @param timeout how long to wait for locks; without it two hours for the tree, and the usual time for the entry */
    BuildOutcome build(
            Path tree, Optional<Path> extraKconfig, OptionalInt cpuCap, boolean replace, Optional<Duration> timeout)
            throws IOException {
        BuildRequest request = new BuildRequest(
                tree,
                extraKconfig,
                Optional.empty(),
                Optional.empty(),
                cpuCap,
                replace,
                timeout.orElse(TreeLock.TIMEOUT),
                timeout,
                logOf(tree),
                buildDirectory.isPresent());
        return of(request).run();
    }

    private KernelBuild of(BuildRequest request) {
        return new KernelBuild(environment, cache, events, this, request);
    }

    /** One file per tree: a reactor may build several at once. It is of this alone, so it may be overwritten. */
    private Path logOf(Path tree) {
        String hash = Checksums.crc32(tree.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8));
        return buildDirectory
                .map(directory -> directory.resolve("ktstr").resolve("kernel-build-" + hash + ".log"))
                .orElseGet(() -> environment
                        .temporaryDirectory()
                        .resolve("ktstr-kernel-build-" + hash + "-" + environment.randomSuffix() + ".log"));
    }

    @Override
    public void say(String line) {
        meter.clear();
        log.info(line);
    }

    @Override
    public void warn(String line) {
        meter.clear();
        log.warn(line);
    }

    @Override
    public void step(String doing, long steps, Duration elapsed) {
        meter.making(doing, steps + " steps, " + BuildReport.time(elapsed));
    }
}
