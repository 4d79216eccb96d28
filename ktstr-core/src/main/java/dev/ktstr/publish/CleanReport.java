package dev.ktstr.publish;

import java.util.List;

/**
 * What a clean did to each candidate.
 *
 * @param removed what went; in a dry run, what would
 * @param skipped what somebody uses, or has replaced since it was listed
 * @param failed what could not be removed
 * @param swept how many things went, besides, that interrupted work had left behind; none in a dry run
 */
public record CleanReport(
        boolean dryRun, List<Removed> removed, List<Skipped> skipped, List<Failed> failed, int swept) {
    public CleanReport {
        removed = List.copyOf(removed);
        skipped = List.copyOf(skipped);
        failed = List.copyOf(failed);
    }

    /**
     * An entry that went.
     *
     * @param bytes that it took on disk, as the file system counts them
     */
    public record Removed(String key, long bytes) {}

    /**
     * An entry that stays for now.
     *
     * @param why for people, with the holders
     */
    public record Skipped(String key, String why) {}

    /**
     * An entry that resisted.
     *
     * @param why for people
     */
    public record Failed(String key, String why) {}
}
