package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.CleanReport;
import dev.ktstr.cache.KernelCache;
import java.io.IOException;
import java.util.stream.Collectors;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Removes entries that nobody holds. Say which: <code>all</code>, <code>corruptOnly</code>, <code>key</code>, or
 * <code>keep</code> and <code>olderThan</code>. Without any of these it only says what it would remove.
 *
 * @since 0.1.0
 */
@Mojo(name = "kernel-clean", requiresProject = false, threadSafe = true)
public final class KernelCleanMojo extends AbstractKtstrMojo {
    /**
     * Whether to remove every entry.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.all", defaultValue = "false")
    private boolean all;

    /**
     * How many of the newest entries to keep. Corrupt ones go, and take no place among those kept.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.keep")
    private @Nullable Integer keep;

    /**
     * Remove what was stored longer ago than this, such as <code>30d</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.olderThan")
    private @Nullable String olderThan;

    /**
     * Whether to remove only entries that cannot be used.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.corruptOnly", defaultValue = "false")
    private boolean corruptOnly;

    /**
     * The one entry to remove.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.key")
    private @Nullable String key;

    /**
     * Whether only to say what would be removed.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.dryRun", defaultValue = "false")
    private boolean dryRun;

    @Override
    void run() throws IOException {
        KernelCache cache = cache();
        CleanPolicy policy = policy();
        CleanReport report = cache.clean(policy);
        String verb = report.dryRun() ? "would remove " : "removed ";
        long bytes = 0;
        for (CleanReport.Removed each : report.removed()) {
            getLog().info(verb + each.key() + " (" + ByteSizes.format(each.bytes()) + ")");
            bytes += each.bytes();
        }
        report.skipped()
                .forEach(each ->
                        getLog().warn((report.dryRun() ? "would keep " : "kept ") + each.key() + ": " + each.why()));
        getLog().info(verb + report.removed().size() + ", " + ByteSizes.format(bytes) + " in " + cache.root());
        if (policy.isDryRun() && !dryRun) {
            getLog().info("nothing was removed: say what to remove with -Dktstr.all, -Dktstr.keep=N,"
                    + " -Dktstr.olderThan=30d, -Dktstr.corruptOnly or -Dktstr.key=KEY");
        }
        if (!report.failed().isEmpty()) {
            String each = report.failed().stream()
                    .map(failed -> failed.key() + ": " + failed.why())
                    .collect(Collectors.joining("\n"));
            throw new GoalException(
                    ErrorCode.ENTRY_STUCK,
                    "cleaning the kernel cache: removed " + report.removed().size() + " entries, but not "
                            + report.failed().size() + ":\n" + each,
                    cache.root(),
                    "see what each says; the others are gone");
        }
    }

    private CleanPolicy policy() throws IOException {
        CleanPolicy.Builder policy =
                CleanPolicy.builder().all(all).corruptOnly(corruptOnly).dryRun(dryRun);
        if (key != null) {
            policy.key(key);
        }
        if (keep != null) {
            policy.keep(keep);
        }
        if (olderThan != null) {
            policy.olderThan(duration("ktstr.olderThan", olderThan));
        }
        return policy.build();
    }
}
