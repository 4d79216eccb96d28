package dev.ktstr.maven.build;

import dev.ktstr.cache.Modules;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to build, and how.
 *
 * @param extraKconfig the user's own kconfig fragment
 * @param modules which to store; if not said, those that are stored anyway, and every entry will do
 * @param key the name to store it by; empty to derive one
 * @param cpuCap how many processors to use; without it {@code KTSTR_CPU_CAP}, else a share of the machine's
 * @param replace whether to build also what is stored already
 * @param treeTimeout how long to wait for whoever builds in the tree, and for processors
 * @param entryTimeout how long to wait for whoever uses the entry that is to be replaced
 * @param log where all output of make goes
 * @param keepLog whether it stays there after a success
 */
public record BuildRequest(
        Path tree,
        Optional<Path> extraKconfig,
        Optional<Modules> modules,
        Optional<String> key,
        OptionalInt cpuCap,
        boolean replace,
        Duration treeTimeout,
        Optional<Duration> entryTimeout,
        Path log,
        boolean keepLog) {}
