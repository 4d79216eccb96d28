package dev.ktstr.maven;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.host.LastLevelCache;
import dev.ktstr.host.Topology;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Says who holds which lock, without taking one: those of kernels, disk templates and source trees, and those that all
 * users of this machine share.
 *
 * @since 0.1.0
 */
@Mojo(name = "locks", requiresProject = false, threadSafe = true)
public final class LocksMojo extends AbstractJsonMojo {
    private static final String SOURCE_TREE = "source-";
    private static final String CLEAR = "\u001B[2J\u001B[H";
    private static final Duration LONGEST_PAUSE = Duration.ofDays(1);

    /**
     * How often to look again, such as <code>2s</code>, until interrupted. On a terminal each time on a fresh screen;
     * JSON is one document per line. Without it, once.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.watch")
    private @Nullable String watch;

    @Override
    void run() throws IOException {
        KernelCache cache = cache();
        if (watch == null) {
            List<LockSection> sections = sections(cache);
            if (wantsJson()) {
                writeJson(json(sections));
            } else {
                print(sections);
            }
        } else {
            repeat(cache, pause(watch));
        }
    }

    /** On which NUMA nodes things are, as far as the kernel tells. */
    private record Nodes(Optional<Topology> topology) {
        static Nodes here() {
            try {
                return new Nodes(Optional.of(Topology.read()));
            } catch (IOException hidden) {
                return new Nodes(Optional.empty());
            }
        }

        OptionalInt ofCache(int index) {
            return topology.stream()
                    .flatMap(known -> known.caches().stream())
                    .filter(cache -> cache.index() == index)
                    .mapToInt(LastLevelCache::node)
                    .findFirst();
        }

        OptionalInt ofCpu(int cpu) {
            return topology.map(known -> known.nodeOf(cpu)).orElse(OptionalInt.empty());
        }
    }

    private void repeat(KernelCache cache, Duration pause) throws IOException {
        boolean isFirst = true;
        try {
            while (true) {
                List<LockSection> sections = sections(cache);
                if (wantsJson()) {
                    writeJsonLine(json(sections), isFirst);
                } else {
                    if (Terminal.isAt(Terminal.OUTPUT, Environment.system())) {
                        System.out.print(CLEAR);
                        System.out.flush();
                    } else if (!isFirst) {
                        getLog().info("");
                    }
                    print(sections);
                }
                isFirst = false;
                Thread.sleep(pause.toMillis());
            }
        } catch (InterruptedException enough) {
            Thread.currentThread().interrupt();
        }
    }

    private List<LockSection> sections(KernelCache cache) throws IOException {
        Environment environment = Environment.system();
        LockSurvey survey = LockSurvey.now(environment);
        HostLocks host = HostLocks.of(environment);
        Nodes nodes = Nodes.here();
        List<ListedLock> entries = cache.locks(survey);
        List<ListedLock> sourceTrees = entries.stream()
                .filter(lock -> lock.name().startsWith(SOURCE_TREE))
                .map(lock ->
                        new ListedLock(lock.name().substring(SOURCE_TREE.length()), lock.lockFile(), lock.holders()))
                .toList();
        return List.of(
                LockSection.numbered("llcs", "LLC locks", "llc_idx", "LLC", nodes::ofCache, host.llcs(survey)),
                LockSection.numbered("cpus", "Per-CPU locks", "cpu", "CPU", nodes::ofCpu, host.cpus(survey)),
                LockSection.named("cache", "Cache-entry locks", "cache_key", "CACHE KEY", entries),
                // Directories of test results, which only the original has.
                LockSection.named("run_dirs", "Run-dir locks", "run_key", "RUN KEY", List.of()),
                LockSection.named(
                        "templates",
                        "Disk-template locks",
                        "template_key",
                        "TEMPLATE KEY",
                        templates().locks(survey)),
                LockSection.named("source_trees", "Source-tree locks", "source_key", "SOURCE KEY", sourceTrees),
                LockSection.named("named", "Named locks", "name", "NAME", host.named(survey)));
    }

    private void print(List<LockSection> sections) {
        for (LockSection section : sections) {
            section.lines(Environment.system().clock()).forEach(getLog()::info);
        }
    }

    private static ObjectNode json(List<LockSection> sections) {
        ObjectNode document = MAPPER.createObjectNode();
        sections.forEach(section -> section.addTo(document));
        return document;
    }

    private static Duration pause(String text) throws KtstrException {
        Duration pause = Durations.min(duration("ktstr.watch", text), LONGEST_PAUSE);
        if (pause.toMillis() == 0) {
            throw new GoalException(
                    ErrorCode.ENV_SETTING,
                    "reading ktstr.watch: \"" + text + "\" is no pause",
                    null,
                    "write it like 2s or 500ms");
        }
        return pause;
    }
}
