package dev.ktstr.lock;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.OsException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Attempts on one descriptor, which stays open between them: every close of an attempt of its own would look like
 * a release to whoever watches the file.
 */
final class LockAttempts implements AutoCloseable {
    private static final int LOCK_FILE_MODE = 0666;

    private final Path file;
    private final String what;
    private final FlockMode mode;
    private final HeldLocks heldLocks;
    private Optional<Fd> open = Optional.empty();
    private boolean isHeldByOthers;

    /** @param what what the lock guards, for messages */
    LockAttempts(Path file, String what, FlockMode mode, HeldLocks heldLocks) {
        this.file = file;
        this.what = what;
        this.mode = mode;
        this.heldLocks = heldLocks;
    }

    Optional<LockGuard> next() throws KtstrException {
        return next(true);
    }

    /** As {@link #next}, but makes no lock file, and is empty, too, where there is none. */
    Optional<LockGuard> nextIfPresent() throws KtstrException {
        return next(false);
    }

    private Optional<LockGuard> next(boolean mayCreate) throws KtstrException {
        while (true) {
            if (mayCreate) {
                prepare();
            } else if (open.isEmpty()) {
                Optional<Fd> present = openIfPresent();
                if (present.isEmpty()) {
                    return Optional.empty();
                }
                open = Optional.of(checked(present.get()));
            }
            Fd fd = open.orElseThrow();
            if (!fd.tryFlock(mode == FlockMode.EXCLUSIVE)) {
                return Optional.empty();
            }
            // A cleaner of temporary files may have removed the name since: others would lock another inode.
            Optional<FileStat> named = FileStat.of(file);
            if (named.isPresent() && named.get().isSameFile(fd.stat())) {
                open = Optional.empty();
                return Optional.of(new LockGuard(file, mode, fd, heldLocks.note(named.get())));
            }
            close();
        }
    }

    /** Gives up what has been granted, without closing the descriptor. */
    void putBack(LockGuard guard) throws KtstrException {
        open = Optional.of(guard.giveUp());
    }

    /** Has the lock file there and open, as attempts leave it. */
    void prepare() throws KtstrException {
        if (open.isEmpty()) {
            open = Optional.of(open());
        }
    }

    /** For after a failed attempt: whoever is in the way, if it is this thread it will not go away. */
    boolean isHeldByThisThread() throws KtstrException {
        if (open.isEmpty() || isHeldByOthers) {
            return false;
        }
        isHeldByOthers = !heldLocks.isHeldByThisThread(open.get().stat());
        return !isHeldByOthers; // and if it is not, this thread, which waits, takes none meanwhile
    }

    void refuseToWaitForOneself() throws KtstrException {
        if (isHeldByThisThread()) {
            throw new LockUnavailableException(
                    ErrorCode.LOCK_SELF,
                    "locking " + what + " (" + mode.operation()
                            + "): this thread holds that lock itself, and would wait for itself for ever",
                    file,
                    "close the lease or guard first; a shared lock cannot be turned into an exclusive one",
                    null);
        }
    }

    @Override
    public void close() throws OsException {
        isHeldByOthers = false;
        Optional<Fd> fd = open;
        open = Optional.empty();
        if (fd.isPresent()) {
            fd.get().close();
        }
    }

    private Fd open() throws KtstrException {
        while (true) {
            Optional<Fd> present = openIfPresent();
            if (present.isPresent()) {
                return checked(present.get());
            }
            Optional<Fd> created = create();
            if (created.isPresent()) {
                return checked(created.get());
            }
        }
    }

    private Optional<Fd> openIfPresent() throws KtstrException {
        try {
            return Fd.openIfPresent(file);
        } catch (OsException failed) {
            throw switch (failed.errno()) {
                case EACCES, EPERM ->
                    unavailable("its lock file cannot be opened", failed, "let its owner allow it: chmod 0666 " + file);
                case ELOOP ->
                    unavailable(
                            "what is in its lock file's place is no file of ours",
                            failed,
                            "look who made it, and remove it");
                default -> failed;
            };
        }
    }

    private Fd checked(Fd fd) throws KtstrException {
        try {
            RemoteFilesystems.refuse(file, fd.filesystemType());
            return fd;
        } catch (KtstrException refused) {
            fd.close();
            throw refused;
        }
    }

    /** Empty if somebody else has just created it. */
    private Optional<Fd> create() throws KtstrException {
        Path directory = file.toAbsolutePath().getParent();
        Optional<Long> type = directory == null ? Optional.empty() : Filesystems.typeAt(directory);
        if (type.isPresent()) {
            RemoteFilesystems.refuse(file, type.get()); // before there is a file to leave behind
        }
        if (directory != null) {
            refuseForeignLink(directory);
        }
        Optional<Fd> created;
        try {
            created = Fd.create(file);
        } catch (OsException failed) {
            throw switch (failed.errno()) {
                case EROFS, EACCES, EPERM, ENOENT ->
                    unavailable(
                            "its lock file is absent and cannot be created",
                            failed,
                            "create the empty file as somebody who may (mkdir -p " + directory + " && touch " + file
                                    + "), or use a writable copy");
                default -> failed;
            };
        }
        if (created.isPresent()) {
            open = created; // closed by close() if the next line fails
            created.get().chmod(LOCK_FILE_MODE); // the original opens lock files for writing, also other users'
        }
        return created;
    }

    /**
     * Lock files are for all users. So nobody else may choose, by a link in the place of their directory, where we make one:
     * it could be where only we may write.
     */
    private void refuseForeignLink(Path directory) throws KtstrException {
        Optional<FileStat> link = FileStat.ofLink(directory).filter(FileStat::isForeignLink);
        if (link.isPresent()) {
            String word = Printable.shellWord(directory);
            throw new LockUnavailableException(
                    ErrorCode.LOCK_FOREIGN,
                    "locking " + what + ": the directory of its lock file is a symbolic link that another user ("
                            + Integer.toUnsignedString(link.get().owner()) + ") made",
                    directory,
                    "see where it leads (readlink " + word + "); remove it (rm " + word
                            + "), or, if it is meant to be there, let root own it (chown -h root " + word + ")",
                    null);
        }
    }

    private LockUnavailableException unavailable(String why, OsException cause, String advice) {
        return new LockUnavailableException(
                ErrorCode.LOCK_ABSENT,
                "locking " + what + ": " + why + " (" + cause.errno() + ")",
                file,
                advice,
                cause);
    }
}
