package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.ErrorCode;
import dev.ktstr.Printable;
import dev.ktstr.publish.CleanReport;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.apache.maven.plugins.annotations.Parameter;

/** A goal that removes entries of a store, and says which. */
abstract class AbstractCleanMojo extends AbstractKtstrMojo {
    /**
     * Whether to remove every entry that nobody holds.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.all", defaultValue = "false")
    private boolean all;

    /**
     * Whether only to say what would be removed.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.dryRun", defaultValue = "false")
    private boolean dryRun;

    boolean all() {
        return all;
    }

    boolean dryRun() {
        return dryRun;
    }

    /**
     * Says what a clean did.
     *
     * @param store what was cleaned, for messages
     * @param criteria what removes something, for whoever asked for nothing
     */
    void tell(CleanReport report, String store, Path root, String criteria) throws GoalException {
        String verb = report.dryRun() ? "would remove " : "removed ";
        long bytes = 0;
        for (CleanReport.Removed each : report.removed()) {
            getLog().info(verb + Printable.text(each.key()) + " (" + ByteSizes.format(each.bytes()) + ")");
            bytes += each.bytes();
        }
        report.skipped()
                .forEach(each -> getLog().warn((report.dryRun() ? "would keep " : "kept ") + Printable.text(each.key())
                        + ": " + Printable.lines(each.why())));
        getLog().info(verb + report.removed().size() + ", " + ByteSizes.format(bytes) + " in " + root
                + (report.swept() == 0 ? "" : "; besides, " + report.swept() + " left behind by interrupted work"));
        if (report.dryRun() && !dryRun) {
            getLog().info("nothing was removed: say what to remove with " + criteria);
        }
        if (!report.failed().isEmpty()) {
            String each = report.failed().stream()
                    .map(failed -> failed.key() + ": " + failed.why())
                    .collect(Collectors.joining("\n"));
            throw new GoalException(
                    ErrorCode.ENTRY_STUCK,
                    "cleaning " + store + ": removed " + report.removed().size() + " entries, but not "
                            + report.failed().size() + ":\n" + each,
                    root,
                    "see what each says; the others are gone");
        }
    }
}
