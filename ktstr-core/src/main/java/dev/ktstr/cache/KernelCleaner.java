package dev.ktstr.cache;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.publish.CleanReport;
import dev.ktstr.publish.EntryCleaner;
import dev.ktstr.publish.EntryRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Removes entries that nobody holds. One use per clean. */
final class KernelCleaner {
    private final EntryRoot root;
    private final EntryReader reader;
    private final Environment environment;
    private final CleanPolicy policy;
    private final EntryCleaner cleaner;

    KernelCleaner(EntryRoot root, EntryReader reader, Environment environment, CleanPolicy policy) {
        this.root = root;
        this.reader = reader;
        this.environment = environment;
        this.policy = policy;
        this.cleaner = new EntryCleaner(root, environment, policy.isDryRun());
    }

    CleanReport clean() throws IOException {
        candidates().forEach(this::clean);
        return cleaner.report(policy.isDryRun() ? 0 : root.sweep());
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
        try {
            Instant since = stored.isPresent()
                    ? stored.get()
                    : Files.getLastModifiedTime(entry.directory()).toInstant();
            return since.isBefore(
                    environment.clock().instant().minus(policy.olderThan().get()));
        } catch (NoSuchFileException removed) {
            return false; // by the original's clean, which asks for no lock
        } catch (DateTimeException | ArithmeticException beforeAllTime) {
            return false;
        }
    }

    private void clean(ListedEntry entry) {
        if (policy.corruptOnly() && entry instanceof ListedEntry.Corrupt corrupt && corrupt.mayBeWhole()) {
            cleaner.skip(
                    entry.key(), "it may be whole, only not for this user, or at this moment: " + corrupt.reason());
        } else {
            cleaner.remove(entry.key(), () -> isStillTheListedOne(entry));
        }
    }

    private boolean isStillTheListedOne(ListedEntry listed) throws IOException {
        Optional<ListedEntry> now = reader.read(listed.key());
        if (now.isPresent()
                && now.get() instanceof ListedEntry.Valid valid
                && listed instanceof ListedEntry.Valid before) {
            return valid.entry().isSameGeneration(before.entry());
        }
        if (now.isPresent()
                && now.get() instanceof ListedEntry.Corrupt unreadable
                && unreadable.errorKind() == ErrorKind.UNREADABLE
                && !unreadable.equals(listed)) {
            throw new EntryException(
                    ErrorCode.ENTRY_DAMAGED,
                    "cleaning kernel " + listed.key() + ": it can no longer be read: " + unreadable.reason(),
                    unreadable.directory(),
                    "clean again when it can be read");
        }
        return now.isPresent() && now.get().equals(listed);
    }
}
