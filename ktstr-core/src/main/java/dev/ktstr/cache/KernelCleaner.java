package dev.ktstr.cache;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.os.FileStat;
import dev.ktstr.publish.EntryLock;
import dev.ktstr.publish.EntryRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Removes entries that nobody holds. */
final class KernelCleaner {
    private final EntryRoot root;
    private final EntryReader reader;
    private final Environment environment;

    KernelCleaner(EntryRoot root, EntryReader reader, Environment environment) {
        this.root = root;
        this.reader = reader;
        this.environment = environment;
    }

    CleanReport clean(CleanPolicy policy) throws IOException {
        List<ListedEntry> listed = reader.list();
        List<CleanReport.Removed> removed = new ArrayList<>();
        List<CleanReport.Skipped> skipped = new ArrayList<>();
        List<CleanReport.Failed> failed = new ArrayList<>();
        for (ListedEntry entry : candidates(policy, listed)) {
            try {
                long bytes = allocated(entry.directory());
                Optional<String> obstacle = policy.isDryRun() ? holders(entry) : remove(entry);
                if (obstacle.isPresent()) {
                    skipped.add(new CleanReport.Skipped(entry.key(), obstacle.get()));
                } else {
                    removed.add(new CleanReport.Removed(entry.key(), bytes));
                }
            } catch (IOException obstacle) {
                failed.add(new CleanReport.Failed(entry.key(), String.valueOf(obstacle.getMessage())));
            }
        }
        if (!policy.isDryRun() && Files.isDirectory(root.path())) {
            root.sweep();
        }
        return new CleanReport(policy.isDryRun(), removed, skipped, failed);
    }

    private List<ListedEntry> candidates(CleanPolicy policy, List<ListedEntry> listed) throws IOException {
        List<ListedEntry> candidates = new ArrayList<>();
        int kept = 0;
        for (ListedEntry entry : listed) { // the newest first
            boolean corrupt = entry instanceof ListedEntry.Corrupt;
            if (!corrupt && kept < policy.keep()) {
                kept++;
            } else if (policy.key().map(entry.key()::equals).orElse(true)
                    && (corrupt || !policy.corruptOnly())
                    && isOldEnough(entry, policy)) {
                candidates.add(entry);
            }
        }
        if (policy.key().isPresent() && candidates.isEmpty()) {
            throw new EntryException(
                    ErrorCode.ENTRY_MISSING,
                    "cleaning the kernel cache: there is no entry "
                            + policy.key().get(),
                    root.path(),
                    KernelCache.present(listed));
        }
        return candidates;
    }

    private boolean isOldEnough(ListedEntry entry, CleanPolicy policy) throws IOException {
        Duration age = policy.olderThan().orElse(null);
        if (age == null) {
            return true;
        }
        Optional<Instant> stored = entry.fold(valid -> valid.metadata().builtAtInstant(), corrupt -> Optional.empty());
        Instant since = stored.isPresent()
                ? stored.get()
                : Files.getLastModifiedTime(entry.directory()).toInstant();
        return since.isBefore(environment.clock().instant().minus(age));
    }

    /** Why it was not removed; empty if it was. */
    private Optional<String> remove(ListedEntry entry) throws IOException {
        Optional<EntryLock> lock = root.tryLockForWriting(entry.key());
        if (lock.isEmpty()) {
            return Optional.of(inUse(root.lock(entry.key(), "").holders()));
        }
        try (EntryLock held = lock.get()) {
            if (!isStillTheListedOne(entry)) {
                return Optional.of("replaced or removed by somebody else meanwhile");
            }
            held.remove();
            return Optional.empty();
        }
    }

    private boolean isStillTheListedOne(ListedEntry listed) throws IOException {
        Optional<ListedEntry> now = reader.read(listed.key());
        return now.isPresent()
                && now.get()
                        .<Boolean>fold(
                                valid -> listed.fold(
                                        before -> before.identity().isSameFile(valid.identity()), corrupt -> false),
                                corrupt -> listed instanceof ListedEntry.Corrupt);
    }

    /** Who is in the way, for a dry run, which takes no lock. */
    private Optional<String> holders(ListedEntry entry) {
        List<LockHolder> holders = root.lock(entry.key(), "").holders();
        return holders.isEmpty() ? Optional.empty() : Optional.of(inUse(holders));
    }

    private static String inUse(List<LockHolder> holders) {
        return "in use by\n" + LockHolder.describe(holders);
    }

    private static long allocated(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            long bytes = 0;
            for (Path path : (Iterable<Path>) all::iterator) {
                bytes += FileStat.ofLink(path).map(FileStat::allocated).orElse(0L);
            }
            return bytes;
        }
    }
}
