package dev.ktstr.publish;

import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** One entry, held exclusive: only through this can it be published or removed. Not for several threads. */
public final class EntryLock implements AutoCloseable {
    private final EntryRoot root;
    private final String key;
    private final LockGuard guard;
    private final List<Path> created;

    /** Whether what is in staging may be the entry on disk. */
    private boolean isInDoubt;

    private interface Undo {
        void run() throws IOException;
    }

    EntryLock(EntryRoot root, String key, LockGuard guard, List<Path> created) {
        this.root = root;
        this.key = key;
        this.guard = guard;
        this.created = created;
    }

    /**
     * Starts a new entry in an empty staging directory, after removing what dead writers of this key left behind. Close
     * the staging before this lock.
     */
    public Staging stage() throws IOException {
        root.sweep(key);
        Path directory = root.newStagingPath(key);
        Files.createDirectory(directory);
        return new Staging(this, directory);
    }

    /**
     * Makes an entry that is there already last, as if we had published it: its writer may have died between the rename
     * and the {@code fsync} that follows it, and before it removed the old one.
     */
    public void settle() throws IOException {
        root.sweep(key);
        syncCreated();
        root.settle();
    }

    /**
     * Removes the entry. Readers see it whole or not at all; of a symbolic link only the link goes. When a directory could not
     * be removed for good it is put back; where it cannot be moved, some of it may be left.
     */
    public void remove() throws IOException {
        Path entry = root.entry(key);
        if (Files.isSymbolicLink(entry)) {
            Files.delete(entry);
            FileTrees.syncDirectory(root.path());
            return;
        }
        Path away = root.newStagingPath(key);
        try (Fd directory = Fd.openDirectory(root.path())) { // before: so that afterwards only fsync itself can fail
            if (isMoved(entry, away)) {
                syncOrUndo(directory, () -> Filesystems.rename(away, entry));
                discard(away);
            } else {
                removeInPlace(entry);
                directory.fsync();
            }
        }
    }

    @Override
    public void close() {
        guard.close();
    }

    /** Moves the complete staging directory to the entry's name; afterwards the old entry, if any, is in its place. */
    boolean publish(Path staging) throws IOException {
        FileTrees.sync(staging);
        syncCreated();
        Path entry = root.entry(key);
        boolean replaced = FileStat.ofLink(entry).isPresent();
        try (Fd directory = Fd.openDirectory(root.path())) {
            if (replaced && isExchanged(entry, staging)) {
                syncOrUndo(directory, () -> Filesystems.exchange(staging, entry));
            } else {
                Filesystems.rename(staging, entry);
                if (replaced) {
                    directory.fsync(); // the old one is gone, so the new one stays, whether that lasts or not
                } else {
                    syncOrUndo(directory, () -> Filesystems.rename(entry, staging));
                }
            }
        }
        root.tell(new KtstrEvent.Published(key, entry, replaced));
        return replaced;
    }

    EntryRoot root() {
        return root;
    }

    /** What cannot be made to last is taken back: only what lasts is worth the entry that is deleted for it. */
    private void syncOrUndo(Fd directory, Undo undo) throws IOException {
        try {
            directory.fsync();
        } catch (IOException failed) {
            try {
                undo.run();
            } catch (IOException alsoFailed) {
                isInDoubt = true;
                failed.addSuppressed(alsoFailed);
            }
            throw failed;
        }
    }

    /** What is out of sight is no entry any more, whether it can be deleted at once or not. */
    void discard(Path gone) {
        if (isInDoubt) {
            return; // after a power cut it may be the entry again; else the next store removes it
        }
        try {
            FileTrees.delete(gone);
        } catch (IOException failed) {
            root.tell(new KtstrEvent.Warning("could not remove " + gone + " (" + FileFailures.describe(failed)
                    + "); the next store tries again, or remove it by hand"));
        }
    }

    private static boolean isMoved(Path entry, Path away) throws IOException {
        try {
            Filesystems.rename(entry, away);
            return true;
        } catch (OsException cannotMove) {
            // An entry of the original may have a name that is too long for ours with more before and behind it.
            if (isNotMovable(cannotMove) || cannotMove.errno() == Errno.ENAMETOOLONG) {
                return false;
            }
            throw cannotMove;
        }
    }

    /** @return false if there is nothing by the entry's name any more, because the two could not be exchanged */
    private boolean isExchanged(Path entry, Path staging) throws IOException {
        try {
            Filesystems.exchange(staging, entry);
            return true;
        } catch (OsException cannotExchange) {
            if (isNotMovable(cannotExchange)) {
                removeInPlace(entry);
            } else if (cannotExchange.errno() != Errno.ENOENT || Files.exists(entry, LinkOption.NOFOLLOW_LINKS)) {
                throw cannotExchange;
            } // else the original's clean, which asks for no lock, has just removed it
            return false;
        }
    }

    /**
     * For an entry that cannot be renamed. Without its defining file it is no entry any more, so that goes first, for good:
     * whatever a crash leaves of the rest is never taken for a whole one.
     */
    private void removeInPlace(Path entry) throws IOException {
        // By way of the open directory: somebody may put a link in its place meanwhile.
        try (Fd directory = Fd.openDirectoryIfPresent(entry).orElse(null)) {
            if (directory != null) {
                directory.removeAt(root.family().definingFile());
                directory.fsync();
            }
        }
        FileTrees.delete(entry);
    }

    /** An entry in a lower overlayfs layer (EXDEV), or a file system without exchange (EINVAL, ENOSYS). */
    private static boolean isNotMovable(OsException failure) {
        return failure.errno() == Errno.EXDEV || failure.errno() == Errno.EINVAL || failure.errno() == Errno.ENOSYS;
    }

    /**
     * What has to last for the root to be found. If somebody else created it they may not have come to this yet, so its
     * name is forced to disk in any case.
     */
    private void syncCreated() throws IOException {
        for (Path directory : created) {
            FileTrees.syncDirectory(directory);
        }
        if (created.isEmpty()) {
            root.syncParent();
        }
    }
}
