package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.os.Directories;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import dev.ktstr.publish.FileTrees;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Removes what belongs to no template: disks with names whose processes have ended. */
final class TemplateSweep {
    /** Which the original gives its clones for an instant. */
    private static final Pattern INSTANT_NAME = Pattern.compile("\\.per-test-([0-9]{1,10})-.*");

    /** In a pid namespace that we cannot see, a pid that is not alive here may be. */
    private static final Duration INSTANT = Duration.ofMinutes(10);

    /** From making the directory to holding the lock in it. */
    private static final Duration BIRTH = Duration.ofMinutes(1);

    private final Path root;
    private final Environment environment;
    private final EventSink events;

    TemplateSweep(Path root, Environment environment, EventSink events) {
        this.root = root;
        this.environment = environment;
        this.events = events;
    }

    /**
     * What cannot be removed, or told, is left and warned about.
     *
     * @return how many disks were removed
     */
    int run() {
        int swept = 0;
        try {
            for (Path path : candidates()) {
                if (isSwept(path)) {
                    swept++;
                }
            }
        } catch (IOException failed) {
            events.accept(
                    new KtstrEvent.Warning("could not look for orphaned disks: " + FileFailures.describe(failed)));
        }
        return swept;
    }

    /**
     * Removes private directories alone, and only this user's: in a directory that is no store, and that others may write to.
     *
     * @return those that were removed
     */
    List<Path> removePrivate() throws IOException {
        List<Path> removed = new ArrayList<>();
        for (Path path : candidates()) {
            boolean isPrivate = String.valueOf(path.getFileName()).startsWith(".disks-");
            if (isPrivate && FileStat.ofLink(path).filter(FileStat::isOwn).isPresent() && isSwept(path)) {
                removed.add(path);
            }
        }
        return removed;
    }

    /** What {@link #run} would remove now. Removes nothing. */
    List<Path> orphans() throws IOException {
        List<Path> orphans = new ArrayList<>();
        for (Path path : candidates()) {
            if (isOrphan(path)) {
                orphans.add(path);
            }
        }
        return orphans;
    }

    /** What has a name with a leading dot. */
    private List<Path> candidates() throws IOException {
        return Directories.children(root).stream()
                .filter(path -> String.valueOf(path.getFileName()).startsWith("."))
                .toList();
    }

    private boolean isOrphan(Path path) throws IOException {
        String name = String.valueOf(path.getFileName());
        Matcher instant = INSTANT_NAME.matcher(name);
        try {
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                return instant.matches() && isOver(path, Long.parseLong(instant.group(1)));
            }
            return PrivateDirectory.NAME.matcher(name).matches()
                    && mayBeDebris(path)
                    && isFree(path.resolve(PrivateDirectory.LOCK));
        } catch (NoSuchFileException gone) {
            return false; // its owner has just removed it
        }
    }

    /** Shared, so that two who look do not take each other for owners, who hold it exclusive. */
    private boolean isFree(Path lock) {
        if (!Files.exists(lock, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        try (LockGuard guard = Flock.on(lock, environment, events)
                .tryAcquireIfPresent(FlockMode.SHARED)
                .orElse(null)) {
            return guard != null;
        } catch (KtstrException untold) {
            return false; // where no lock can be taken nothing is removed either
        }
    }

    private boolean isSwept(Path path) {
        String name = String.valueOf(path.getFileName());
        Matcher instant = INSTANT_NAME.matcher(name);
        try {
            boolean isDirectory =
                    FileStat.ofLink(path).filter(FileStat::isDirectory).isPresent();
            if (!isDirectory && instant.matches() && isOver(path, Long.parseLong(instant.group(1)))) {
                Files.deleteIfExists(path); // the original may do so itself meanwhile
                events.accept(new KtstrEvent.Swept(path));
                return true;
            }
            return isDirectory && PrivateDirectory.NAME.matcher(name).matches() && isPrivateSwept(path);
        } catch (NoSuchFileException gone) {
            return false; // its owner, or another sweep, has just removed it
        } catch (IOException failed) {
            events.accept(new KtstrEvent.Warning("could not remove an orphaned disk: " + FileFailures.describe(failed)
                    + "; remove it by hand: " + path));
            return false;
        }
    }

    private boolean isOver(Path path, long pid) throws IOException {
        return pid > 0 && (ProcessHandle.of(pid).isEmpty() || isOlderThan(path, INSTANT));
    }

    /**
     * Not another user's, who sweeps it; and not so new that its owner may be about to make the lock, or to take it, and would have
     * to start again. What is in use is locked, and stays whatever its age seems to be.
     */
    private boolean mayBeDebris(Path directory) throws IOException {
        return Files.isExecutable(directory) && isOlderThan(directory, BIRTH);
    }

    private boolean isPrivateSwept(Path directory) throws IOException {
        Path lock = directory.resolve(PrivateDirectory.LOCK);
        if (!mayBeDebris(directory)) {
            return false;
        }
        if (isRemovedEmpty(directory)) {
            return true;
        }
        if (!Files.exists(lock, LinkOption.NOFOLLOW_LINKS)) {
            discard(directory); // the lock was made first: somebody has begun to remove all of it
            return true;
        }
        // None is made: an owner who is about to remove the directory would find it not empty.
        try (LockGuard guard =
                Flock.on(lock).tryAcquireIfPresent(FlockMode.EXCLUSIVE).orElse(null)) {
            if (guard != null) {
                discard(directory);
            }
            return guard != null;
        }
    }

    /** Its owner may be about to make the lock all the same, if our clocks differ: then one of us fails, and it makes another. */
    private boolean isRemovedEmpty(Path directory) throws IOException {
        try {
            Files.delete(directory);
            events.accept(new KtstrEvent.Swept(directory));
            return true;
        } catch (DirectoryNotEmptyException inUse) {
            return false;
        }
    }

    private void discard(Path debris) throws IOException {
        FileTrees.delete(debris);
        events.accept(new KtstrEvent.Swept(debris));
    }

    /** So is what has been made in the future: the clock has been set back since. */
    private boolean isOlderThan(Path path, Duration age) throws IOException {
        Instant modified =
                Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
        Instant now = environment.clock().instant();
        return modified.isBefore(now.minus(age)) || modified.isAfter(now.plus(age));
    }
}
