package dev.ktstr.disk;

import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileClone;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A disk of one's own. It is gone when this is closed, and also when the process ends, however it ends. Closing again does
 * nothing.
 */
public final class TestDisk implements AutoCloseable {
    private final Fd fd;
    private final Path path;
    private final CloneKind cloneKind;
    private final DiskSpec spec;
    private final Optional<PrivateDirectory> home;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param home where its name is, if it has one */
    TestDisk(Fd fd, Path path, CloneKind cloneKind, DiskSpec spec, Optional<PrivateDirectory> home) {
        this.fd = fd;
        this.path = path;
        this.cloneKind = cloneKind;
        this.spec = spec;
        this.home = home;
    }

    /**
     * A path by which any process of this user that sees the same {@code /proc} can open the disk, for as long as this is
     * open: mostly {@code /proc/<pid>/fd/<n>}, proc(5).
     */
    public Path path() {
        requireOpen();
        return path;
    }

    public boolean isClosed() {
        return closed.get();
    }

    public CloneKind cloneKind() {
        return cloneKind;
    }

    public DiskSpec spec() {
        return spec;
    }

    /**
     * Gives the disk a name, under which it stays. On the disk's own file system that costs nothing, and it is the disk itself:
     * what is written to it later shows there, too. Elsewhere it is a copy. So call it when nobody writes any more.
     *
     * @param file where nothing is yet
     */
    public synchronized void keepAs(Path file) throws IOException {
        requireOpen();
        try {
            fd.link(file);
        } catch (OsException cannotLink) {
            // On another file system, or a file that has lost its only name (where there are no files without one).
            if (cannotLink.errno() != Errno.EXDEV && cannotLink.errno() != Errno.ENOENT) {
                throw cannotLink;
            }
            copyTo(file);
        }
    }

    private void copyTo(Path file) throws IOException {
        try (Fd target = Fd.createNew(file)) {
            if (FileClone.share(fd, target).isPresent()) {
                FileClone.copySparse(fd, target, spec.size());
            }
        } catch (OsException failed) {
            if (failed.errno() != Errno.EEXIST) {
                Files.deleteIfExists(file); // half of it is of no use
            }
            throw failed;
        }
    }

    /** By now the number of its descriptor may be that of another disk. */
    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("this disk is closed: " + spec);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            try (PrivateDirectory gone = home.orElse(null)) {
                fd.close();
            }
        }
    }

    @Override
    public String toString() {
        return spec + " at " + path;
    }
}
