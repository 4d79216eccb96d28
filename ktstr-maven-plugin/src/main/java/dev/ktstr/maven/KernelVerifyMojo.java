package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.cache.VerifyReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Re-reads every entry against its checksums and its ELF structure. Fails if one is not what was stored.
 *
 * @since 0.1.0
 */
@Mojo(
        name = "kernel-verify",
        requiresProject = false,
        threadSafe = true,
        defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST)
public final class KernelVerifyMojo extends AbstractKtstrMojo {
    /**
     * The one entry to look at, instead of all.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.key")
    private @Nullable String key;

    @Override
    void run() throws IOException {
        KernelCache cache = cache();
        List<String> keys = key != null
                ? List.of(key)
                : cache.list().stream().map(ListedEntry::key).toList();
        List<String> damaged = new ArrayList<>();
        int whole = 0;
        for (String each : keys) {
            try {
                VerifyReport report = cache.verify(each);
                getLog().info((report.isWhole() ? "whole    " : "damaged  ") + Printable.text(each));
                report.notes().forEach(note -> getLog().info("  note: " + Printable.text(note)));
                report.problems().forEach(problem -> getLog().error("  " + Printable.text(problem)));
                if (report.isWhole()) {
                    whole++;
                } else {
                    damaged.add(each);
                }
            } catch (KtstrException notNow) {
                if (key != null) {
                    throw notNow;
                }
                // Being stored, or removed since we listed it: no reason not to look at the others.
                getLog().warn("skipped  " + Printable.text(each) + ": " + notNow.problem());
            }
        }
        getLog().info(whole + " of " + keys.size() + " entries in " + cache.root() + " are whole");
        if (keys.isEmpty()) {
            getLog().warn("there was nothing to verify: is this the cache you mean?");
        }
        if (!damaged.isEmpty()) {
            throw new GoalException(
                    ErrorCode.ENTRY_DAMAGED,
                    "verifying the kernel cache: not what was stored: " + String.join(", ", damaged),
                    cache.root(),
                    "remove them (mvn ktstr:kernel-clean -Dktstr.key=KEY) and store them again; if it happens again,"
                            + " suspect the disk");
        }
    }
}
