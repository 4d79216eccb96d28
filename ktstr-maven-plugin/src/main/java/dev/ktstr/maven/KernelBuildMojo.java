package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.maven.build.BuildOutcome;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Builds a kernel source tree under its lock, and stores the kernel. It is configured with what virtual machines need: from
 * the tree's <code>.config</code>, else the default one. A clean git tree whose kernel is stored already is left alone. A tree with
 * changes, or without git, is built and not stored.
 *
 * @since 0.1.0
 */
@Mojo(name = "kernel-build", requiresProject = false, threadSafe = true)
public final class KernelBuildMojo extends AbstractStoreMojo {
    /**
     * The kernel source tree.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.kernelTree")
    private @Nullable File kernelTree;

    /**
     * A file with further options, such as <code>CONFIG_NET=y</code>. Where it says something else than ktstr would, it wins.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.extraKconfig")
    private @Nullable File extraKconfig;

    /**
     * On how many processors to build. Without it <code>KTSTR_CPU_CAP</code>, else 30 % of those that this process may use.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.cpuCap")
    private @Nullable Integer cpuCap;

    /**
     * Whether to build a kernel again that is stored already.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.replace", defaultValue = "false")
    private boolean replace;

    /**
     * How long to wait for whoever builds in the same tree, for processors, and for whoever uses the entry that is to be replaced, such
     * as <code>30s</code> or <code>4h</code>. Without it two hours for the tree and for processors, and
     * <code>KTSTR_CACHE_STORE_LOCK_TIMEOUT</code>, else five minutes, for the entry.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.lockTimeout")
    private @Nullable String lockTimeout;

    /** Null without a project. */
    @Parameter(defaultValue = "${project.basedir}", readonly = true)
    private @Nullable File projectDirectory;

    @Parameter(defaultValue = "${project.build.directory}", readonly = true)
    private @Nullable File buildDirectory;

    @Override
    void run(Progress meter) throws IOException {
        if (kernelTree == null) {
            throw new GoalException(
                    ErrorCode.BUILD_TREE,
                    "building a kernel: no source tree was given",
                    null,
                    "name one: -Dktstr.kernelTree=DIR");
        }
        Optional<Path> target = projectDirectory == null
                ? Optional.empty()
                : Optional.ofNullable(buildDirectory).map(File::toPath);
        BuildOutcome outcome = new TreeBuilder(environment(), cache(), this::report, meter, getLog(), target)
                .build(
                        kernelTree.toPath(),
                        Optional.ofNullable(extraKconfig).map(File::toPath),
                        cpuCap == null ? OptionalInt.empty() : OptionalInt.of(cpuCap),
                        replace,
                        lockTimeout == null
                                ? Optional.empty()
                                : Optional.of(duration("ktstr.lockTimeout", lockTimeout)));
        meter.close();
        tell(outcome);
    }

    private void tell(BuildOutcome outcome) throws IOException {
        if (outcome instanceof BuildOutcome.Hit hit) {
            getLog().info("already stored: " + hit.entry().key()
                    + " (same commit and configuration; -Dktstr.replace builds it again)");
            getLog().info("  image    " + hit.entry().image());
        } else if (outcome instanceof BuildOutcome.Stored stored) {
            StoreSummary.lines(stored.result(), List.of()).forEach(getLog()::info);
        } else if (outcome instanceof BuildOutcome.NotStored not) {
            getLog().warn("built, and not stored: " + not.why() + "; to have it stored, " + not.remedy());
        }
    }
}
