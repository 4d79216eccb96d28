package dev.ktstr.publish;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.os.Directories;
import dev.ktstr.os.Errno;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Removes entries that nobody holds, one by one, and keeps account. A dry run only says what would happen, and takes no
 * lock. One use per clean; not for several threads.
 */
public final class EntryCleaner {
    private static final String REMOVED_MEANWHILE = "removed by somebody else meanwhile";
    private static final String CHANGED_MEANWHILE =
            "not what it was when it was listed: replaced or removed since, or it could not be read then";

    private final EntryRoot root;
    private final Environment environment;
    private final boolean dryRun;
    private final List<CleanReport.Removed> removed = new ArrayList<>();
    private final List<CleanReport.Skipped> skipped = new ArrayList<>();
    private final List<CleanReport.Failed> failed = new ArrayList<>();

    public EntryCleaner(EntryRoot root, Environment environment, boolean dryRun) {
        this.root = root;
        this.environment = environment;
        this.dryRun = dryRun;
    }

    /** Answers, under the entry's lock, whether it is still the one that was chosen. */
    public interface Check {
        boolean isStillTheOne() throws IOException;
    }

    /** Removes an entry, unless somebody holds it. What goes wrong is noted, and keeps no other entry from being removed. */
    public void remove(String key, Check check) {
        try {
            if (dryRun) {
                foresee(key);
            } else {
                tryRemove(key, check);
            }
        } catch (IOException failure) {
            if (isAbsence(failure) && Files.notExists(root.entry(key), LinkOption.NOFOLLOW_LINKS)) {
                skip(key, REMOVED_MEANWHILE); // by the original's clean, which asks for no lock
            } else {
                failed.add(new CleanReport.Failed(key, why(failure)));
            }
        }
    }

    /** Notes that an entry stays. */
    public void skip(String key, String why) {
        skipped.add(new CleanReport.Skipped(key, why));
    }

    /**
     * The account so far.
     *
     * @param swept how much debris went besides
     */
    public CleanReport report(int swept) {
        return new CleanReport(dryRun, removed, skipped, failed, swept);
    }

    private void foresee(String key) throws IOException {
        List<LockHolder> holders = root.lock(key, "").holders();
        if (holders.isEmpty()) {
            removed.add(new CleanReport.Removed(key, allocated(root.entry(key), false)));
        } else {
            skip(key, inUse(holders));
        }
    }

    private void tryRemove(String key, Check check) throws IOException {
        Optional<EntryLock> lock = root.tryLockForWriting(key);
        if (lock.isEmpty()) {
            skip(key, inUse(root.lock(key, "").holders()));
            return;
        }
        try (EntryLock held = lock.get()) {
            if (check.isStillTheOne()) {
                long bytes = allocated(root.entry(key), true);
                held.remove();
                removed.add(new CleanReport.Removed(key, bytes));
            } else {
                skip(key, CHANGED_MEANWHILE);
            }
        }
    }

    /** Else it may be ourselves who have moved it away, and then failed. */
    private static boolean isAbsence(IOException failure) {
        return failure instanceof NoSuchFileException
                || (failure instanceof OsException system && system.errno() == Errno.ENOENT);
    }

    /** In one line: there may be many. */
    private static String why(IOException failure) {
        ErrorCode code = failure instanceof KtstrException known ? known.code() : ErrorCode.OS_CALL;
        return code.id() + "  " + FileFailures.describe(failure);
    }

    private String inUse(List<LockHolder> holders) {
        return "in use by\n" + LockHolder.describe(holders, environment.clock());
    }

    /**
     * What an entry takes on disk.
     *
     * @param toBeRemoved whether to throw if not all of it can be removed: better found out before the first file
     */
    private static long allocated(Path path, boolean toBeRemoved) throws IOException {
        Optional<FileStat> stat = FileStat.ofLink(path);
        if (stat.isEmpty()) {
            return 0; // removed by somebody else meanwhile
        }
        long bytes = stat.get().allocated();
        if (stat.get().isDirectory()) {
            if (toBeRemoved && (!Files.isWritable(path) || !Files.isExecutable(path))) {
                throw new AccessDeniedException(
                        path.toString(), null, "this user cannot remove what is in it, or it is mounted read-only");
            }
            for (Path each : Directories.children(path)) {
                bytes += allocated(each, toBeRemoved);
            }
        }
        return bytes;
    }
}
