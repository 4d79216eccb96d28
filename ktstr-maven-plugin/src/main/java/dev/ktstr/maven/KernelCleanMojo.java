package dev.ktstr.maven;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import java.io.IOException;
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
public final class KernelCleanMojo extends AbstractCleanMojo {
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

    @Override
    void run() throws IOException {
        KernelCache cache = cache();
        tell(
                cache.clean(policy()),
                "the kernel cache",
                cache.root(),
                "-Dktstr.all, -Dktstr.keep=N, -Dktstr.olderThan=30d, -Dktstr.corruptOnly or -Dktstr.key=KEY");
    }

    private CleanPolicy policy() throws IOException {
        CleanPolicy.Builder policy =
                CleanPolicy.builder().all(all()).corruptOnly(corruptOnly).dryRun(dryRun());
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
