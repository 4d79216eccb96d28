package dev.ktstr.cache;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.os.FileStat;
import dev.ktstr.publish.EntryLock;
import dev.ktstr.publish.EntryRoot;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Removes entries that nobody holds. One use per clean. */
final class KernelCleaner {
    private static final String REMOVED_MEANWHILE = "replaced or removed by somebody else meanwhile";

    private final EntryRoot root;
    private final EntryReader reader;
    private final Environment environment;
    private final CleanPolicy policy;
    private final List<CleanReport.Removed> removed = new ArrayList<>();
    private final List<CleanReport.Skipped> skipped = new ArrayList<>();
    private final List<CleanReport.Failed> failed = new ArrayList<>();

    KernelCleaner(EntryRoot root, EntryReader reader, Environment environment, CleanPolicy policy) {
        this.root = root;
        this.reader = reader;
        this.environment = environment;
        this.policy = policy;
    }

    CleanReport clean() throws IOException {
        for (ListedEntry entry : candidates()) {
            try {
                clean(entry);
            } catch (IOException failure) {
                if (!Files.exists(entry.directory(), LinkOption.NOFOLLOW_LINKS)) {
                    skip(entry, REMOVED_MEANWHILE); // by the original's clean, which asks for no lock
                    continue;
                }
                failed.add(new CleanReport.Failed(entry.key(), failure.toString()));
            }
        }
        if (!policy.isDryRun()) {
            root.sweep();
        }
        return new CleanReport(policy.isDryRun(), removed, skipped, failed);
    }

    private List<ListedEntry> candidates() throws IOException {
        List<ListedEntry> listed = reader.list();
        List<ListedEntry> candidates = new ArrayList<>();
        int kept = 0;
        for (ListedEntry entry : listed) { // the newest first
            boolean corrupt = entry instanceof ListedEntry.Corrupt;
            if (!corrupt && kept < policy.keep()) {
                kept++;
            } else if (policy.key().map(entry.key()::equals).orElse(true)
                    && (corrupt || !policy.corruptOnly())
                    && isOldEnough(entry)) {
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

    private boolean isOldEnough(ListedEntry entry) throws IOException {
        if (policy.olderThan().isEmpty()) {
            return true;
        }
        Optional<Instant> stored = entry.fold(valid -> valid.metadata().builtAtInstant(), corrupt -> Optional.empty());
        Instant since = stored.isPresent()
                ? stored.get()
                : Files.getLastModifiedTime(entry.directory()).toInstant();
        try {
            return since.isBefore(
                    environment.clock().instant().minus(policy.olderThan().get()));
        } catch (DateTimeException | ArithmeticException beforeAllTime) {
            return false;
        }
    }

    private void clean(ListedEntry entry) throws IOException {
        if (policy.corruptOnly() && entry instanceof ListedEntry.Corrupt corrupt && corrupt.mayBeWhole()) {
            skip(entry, "it may be whole, only not for this user: " + corrupt.reason());
        } else if (policy.isDryRun()) {
            List<LockHolder> holders = root.lock(entry.key(), "").holders();
            if (holders.isEmpty()) {
                removed.add(new CleanReport.Removed(entry.key(), allocated(entry.directory(), false)));
            } else {
                skip(entry, inUse(holders));
            }
        } else {
            Optional<EntryLock> lock = root.tryLockForWriting(entry.key());
            if (lock.isPresent()) {
                try (EntryLock held = lock.get()) {
                    remove(entry, held);
                }
            } else {
                skip(entry, inUse(root.lock(entry.key(), "").holders()));
            }
        }
    }

    private void remove(ListedEntry entry, EntryLock lock) throws IOException {
        if (!isStillTheListedOne(entry)) {
            skip(entry, REMOVED_MEANWHILE);
            return;
        }
        long bytes = allocated(entry.directory(), true);
        lock.remove();
        removed.add(new CleanReport.Removed(entry.key(), bytes));
    }

    private boolean isStillTheListedOne(ListedEntry listed) throws IOException {
        Optional<ListedEntry> now = reader.read(listed.key());
        if (now.isPresent()
                && now.get() instanceof ListedEntry.Valid valid
                && listed instanceof ListedEntry.Valid before) {
            return valid.entry().isSameGeneration(before.entry());
        }
        return now.isPresent() && now.get().equals(listed);
    }

    private void skip(ListedEntry entry, String why) {
        skipped.add(new CleanReport.Skipped(entry.key(), why));
    }

    private String inUse(List<LockHolder> holders) {
        return "in use by\n" + LockHolder.describe(holders, environment.clock());
    }

    /**
     * What an entry takes on disk.
     *
     * @param toBeRemoved whether to throw if not all of it can be removed: better found out before the first file
     */
    private static long allocated(Path directory, boolean toBeRemoved) throws IOException {
        long[] bytes = {0};
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) throws IOException {
                if (toBeRemoved && (!Files.isWritable(each) || !Files.isExecutable(each))) {
                    throw new AccessDeniedException(
                            each.toString(), null, "this user cannot remove what is in it, or it is mounted read-only");
                }
                return visitFile(each, attributes);
            }

            @Override
            public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) throws IOException {
                bytes[0] += FileStat.ofLink(each).map(FileStat::allocated).orElse(0L);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path each, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE; // removed by somebody else meanwhile
                }
                throw failure;
            }
        });
        return bytes[0];
    }
}
