package dev.ktstr.publish;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.lock.LockUnavailableException;
import dev.ktstr.os.Directories;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The directory that holds the entries of one family, and their locks. Opening it touches nothing; it is created by the
 * first write. Immutable, safe for use by several threads. Keys are taken as they are: the family has checked them.
 */
public final class EntryRoot {
    private static final String LOCKS = ".locks";
    private static final String HOLDERS = "holders";
    private static final Pattern LOCK_FILE = Pattern.compile("(.+)\\.lock", Pattern.DOTALL);
    private static final String WHO_DECIDES =
            ": who can replace what is stored decides what tests use; if that is not meant to be so: chmod go-w ";

    private final Path root;
    private final EntryFamily family;
    private final Environment environment;
    private final EventSink events;
    private final @Nullable String test;

    public EntryRoot(Path root, EntryFamily family, Environment environment, EventSink events) {
        this(root, family, environment, events, null);
    }

    private EntryRoot(Path root, EntryFamily family, Environment environment, EventSink events, @Nullable String test) {
        this.root = root;
        this.family = family;
        this.environment = environment;
        this.events = events;
        this.test = test;
    }

    /** The same directory, used by a test: records of who holds a lock say so. */
    public EntryRoot forTest(String name) {
        return new EntryRoot(root, family, environment, events, name);
    }

    public Path path() {
        return root;
    }

    public Path entry(String key) {
        return root.resolve(key);
    }

    /**
     * The lock of an entry: shared for whoever uses its files, exclusive for whoever replaces or removes it.
     *
     * @param advice what a user can do when it stays taken
     */
    public Flock lock(String key, String advice) {
        return Flock.on(root.resolve(LOCKS).resolve(key + ".lock"), environment, events)
                .describedAs(family.describe(key), advice)
                .withHoldersIn(holders());
    }

    /**
     * The lock of something that entries are made from, recorded like theirs. Creates the directory of locks if need be.
     *
     * @param name of the lock file, without its suffix
     * @param thing what it guards, for people
     * @param advice what a user can do when it stays taken
     */
    public Flock sourceLock(String name, String thing, String advice) throws IOException {
        for (Path directory : FileTrees.create(root.resolve(LOCKS))) {
            FileTrees.syncDirectory(directory);
        }
        Flock lock = Flock.on(root.resolve(LOCKS).resolve(name + ".lock"), environment, events)
                .describedAs(thing, advice)
                .recordedIn(holders());
        return test == null ? lock : lock.forTest(test);
    }

    /** Every lock file by key, with its holders: of all families in the root, which need not be there. Takes none. */
    public List<ListedLock> locks(LockSurvey survey) throws IOException {
        return survey.list(root.resolve(LOCKS), LOCK_FILE, holders());
    }

    /**
     * Takes an entry's lock shared for a moment, which leaves no record of who holds it.
     *
     * @throws dev.ktstr.lock.LockTimeoutException as {@link #lockForReading}
     */
    public LockGuard lockBriefly(String key, Duration timeout, String advice) throws IOException {
        requireLocks();
        return lock(key, advice).acquire(FlockMode.SHARED, timeout);
    }

    /**
     * Takes an entry's lock shared: until the guard is closed the entry is neither replaced nor removed.
     *
     * @throws dev.ktstr.lock.LockTimeoutException if a writer still holds it after {@code timeout}
     * @throws LockUnavailableException if there is no lock file and none can be made, as on a read-only file system
     */
    public LockGuard lockForReading(String key, Duration timeout, String advice) throws IOException {
        requireLocks();
        warnIfOthersMayWrite();
        return recordedLock(key, advice).acquire(FlockMode.SHARED, timeout);
    }

    /**
     * As {@link #lockForReading}, without waiting, for a moment; empty if somebody writes the entry.
     *
     * @throws LockUnavailableException as {@link #lockForReading}
     */
    public Optional<LockGuard> tryLockForReading(String key) throws IOException {
        requireLocks();
        warnIfOthersMayWrite();
        return lock(key, "").tryAcquire(FlockMode.SHARED);
    }

    /**
     * Whether somebody holds an entry's lock exclusive at this moment. Makes nothing, and waits for nobody; to see it, takes the
     * lock shared for an instant.
     */
    public boolean isBeingWritten(String key) throws IOException {
        Flock lock = lock(key, "");
        if (!Files.exists(lock.lockFile())) {
            return false;
        }
        try (LockGuard guard = lock.tryAcquireIfPresent(FlockMode.SHARED).orElse(null)) {
            return guard == null && Files.exists(lock.lockFile());
        }
    }

    /**
     * Takes an entry's lock exclusive, so that it can be written; creates the root if need be.
     *
     * @throws dev.ktstr.lock.LockTimeoutException if somebody still uses the entry after {@code timeout}
     */
    public EntryLock lockForWriting(String key, Duration timeout, String advice) throws IOException {
        List<Path> created = FileTrees.create(root.resolve(LOCKS));
        warnIfOthersMayWrite();
        return new EntryLock(this, key, recordedLock(key, advice).acquire(FlockMode.EXCLUSIVE, timeout), created);
    }

    /** As {@link #lockForWriting}, without waiting; empty if somebody uses the entry. */
    public Optional<EntryLock> tryLockForWriting(String key) throws IOException {
        List<Path> created = FileTrees.create(root.resolve(LOCKS));
        Optional<LockGuard> guard = lock(key, "").tryAcquire(FlockMode.EXCLUSIVE);
        return guard.map(held -> new EntryLock(this, key, held, created));
    }

    /**
     * Removes the debris of writers that died: staging whose key's lock nobody holds. What cannot be
     * removed, or told, is left and warned about.
     *
     * @return how many things were removed
     */
    public int sweep() {
        int swept = 0;
        for (Map.Entry<Path, String> each : staging().entrySet()) {
            Path path = each.getKey();
            try (LockGuard guard =
                    lock(each.getValue(), "").tryAcquire(FlockMode.EXCLUSIVE).orElse(null)) {
                if (guard != null && discard(path)) {
                    swept++;
                }
            } catch (KtstrException notOurs) {
                // Where no lock can be taken nothing may be removed either.
                events.accept(new KtstrEvent.Warning("left " + path + " alone: " + notOurs.problem()));
            }
        }
        return swept;
    }

    /**
     * What writers that died have left: staging whose key nobody writes. Removes nothing; of a key that somebody reads, {@link
     * #sweep} leaves it for later.
     */
    public List<Path> debris() {
        return staging().entrySet().stream()
                .filter(each -> isNotBeingWritten(each.getValue()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /**
     * Decided by the lock alone: what /proc/locks shows ends at the border of a container. Shared, so that two who look are not
     * in each other's way; a writer holds it exclusive from before there is staging until after.
     */
    private boolean isNotBeingWritten(String key) {
        try {
            return !isBeingWritten(key);
        } catch (IOException untold) {
            return false; // where no lock can be taken nothing is removed either
        }
    }

    /** As {@link #sweep}, of one key, for whoever holds its lock. */
    void sweep(String key) {
        staging().forEach((path, owner) -> {
            if (owner.equals(key)) {
                discard(path);
            }
        });
    }

    /**
     * Makes an entry that is there last, for whoever holds its lock, shared or exclusive: its writer may have died between
     * the rename and the {@code fsync} that follows it.
     */
    public void settle() throws IOException {
        syncParent(); // whoever created the root may not have come to this
        FileTrees.syncDirectory(root);
    }

    /** Forces the name of the root to disk, where this user may read the directory that it is in. */
    void syncParent() throws IOException {
        Path parent = root.getParent();
        try (Fd directory = parent == null ? null : openIfReadable(parent)) {
            if (directory != null) {
                directory.fsync();
            }
        } catch (OsException failed) {
            if (failed.errno() != Errno.EINVAL) { // of a file system that is never written, such as squashfs
                throw failed;
            }
        }
    }

    private static @Nullable Fd openIfReadable(Path directory) throws KtstrException {
        try {
            return Fd.openDirectory(directory);
        } catch (OsException failed) {
            if (failed.errno() == Errno.EACCES) {
                return null;
            }
            throw failed;
        }
    }

    Path newStagingPath(String key) {
        return root.resolve(family.stagingName(key, environment.randomSuffix()));
    }

    EntryFamily family() {
        return family;
    }

    void tell(KtstrEvent event) {
        events.accept(event);
    }

    /** For whoever keeps it for a while; attempts, such as those of a sweep, leave no record. */
    private Flock recordedLock(String key, String advice) {
        Flock recorded = lock(key, advice).recordedIn(holders());
        return test == null ? recorded : recorded.forTest(test);
    }

    private void requireLocks() throws IOException {
        Path locks = root.resolve(LOCKS);
        if (!Files.isDirectory(locks) && Files.isWritable(root)) {
            try (Fd directory = Fd.openDirectory(root)) {
                directory.makeDirectoryAt(LOCKS);
            }
        }
    }

    /** Once in a process. Everything works there; but it is as if those others chose the kernels. */
    private void warnIfOthersMayWrite() throws KtstrException {
        Optional<String> others = FileStat.of(root).flatMap(FileStat::otherWriters);
        if (others.isPresent() && environment.firstTime("others may write to " + root)) {
            events.accept(new KtstrEvent.Warning(
                    root + " is writable for " + others.get() + WHO_DECIDES + Printable.shellWord(root)));
        }
    }

    private Path holders() {
        return root.resolve(LOCKS).resolve(HOLDERS);
    }

    private boolean discard(Path debris) {
        try {
            if (FileStat.ofLink(debris).isEmpty()) {
                return false; // it was no debris when we saw it: its writer has finished since
            }
            FileTrees.delete(debris);
            events.accept(new KtstrEvent.Swept(debris));
            return true;
        } catch (IOException failed) {
            events.accept(new KtstrEvent.Warning("could not remove what an interrupted store left behind: "
                    + FileFailures.describe(failed)
                    + "; the next store tries again, or remove it by hand: " + debris));
            return false;
        }
    }

    private Optional<String> keyOfStaging(Path path) {
        String name = String.valueOf(path.getFileName());
        Optional<String> ofDirectory = family.keyOfStaging(name, true);
        Optional<String> ofFile = family.keyOfStaging(name, false);
        if (ofDirectory.isEmpty() && ofFile.isEmpty()) {
            return Optional.empty(); // most are entries, and need not be looked at
        }
        try {
            boolean isDirectory =
                    FileStat.ofLink(path).filter(FileStat::isDirectory).isPresent();
            return isDirectory ? ofDirectory : ofFile;
        } catch (IOException failed) {
            events.accept(new KtstrEvent.Warning(
                    "could not look whether an interrupted store left this behind: " + FileFailures.describe(failed)));
            return Optional.empty();
        }
    }

    /** What lies in staging, with its key. */
    private Map<Path, String> staging() {
        Map<Path, String> found = new LinkedHashMap<>();
        try {
            for (Path path : Directories.children(root)) {
                keyOfStaging(path).ifPresent(key -> found.put(path, key));
            }
        } catch (IOException failed) {
            events.accept(new KtstrEvent.Warning(
                    "could not look for what interrupted stores left behind: " + FileFailures.describe(failed)));
        }
        return found;
    }
}
