package dev.ktstr.lock;

import dev.ktstr.os.Fd;
import dev.ktstr.os.OsException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** A lock that is held until this is closed. Closing again does nothing. May be closed by another thread. */
public final class LockGuard implements AutoCloseable {
    private final Path lockFile;
    private final FlockMode mode;
    private final Fd fd;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    LockGuard(Path lockFile, FlockMode mode, Fd fd, Runnable onClose) {
        this.lockFile = lockFile;
        this.mode = mode;
        this.fd = fd;
        this.onClose = onClose;
    }

    /** This lock in another guard, which does something more before it lets go. This one must not be used any more. */
    LockGuard closingFirst(Runnable first) {
        return new LockGuard(lockFile, mode, fd, () -> {
            first.run();
            onClose.run();
        });
    }

    public Path lockFile() {
        return lockFile;
    }

    public FlockMode mode() {
        return mode;
    }

    /** Unlocks, and hands back what was opened for it. */
    Fd giveUp() throws OsException {
        fd.unlock();
        closed.set(true);
        onClose.run();
        return fd;
    }

    /** Whoever closes this has done what it was for: so nothing is thrown, and the lock goes with its descriptor in any case. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try (fd) {
                onClose.run();
                // Explicitly, before the close: whoever is woken by the close then finds the lock free.
                fd.unlock();
            } catch (OsException ignored) {
                return;
            }
        }
    }
}
