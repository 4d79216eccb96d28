package dev.ktstr.publish;

import dev.ktstr.os.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** An entry being written. Closing removes whatever is under the staging name then: an unfinished entry, or an old one. */
public final class Staging implements AutoCloseable {
    private static final String SCRATCH = ".scratch";

    private final EntryLock lock;
    private final Path directory;

    Staging(EntryLock lock, Path directory) {
        this.lock = lock;
        this.directory = directory;
    }

    /** Where to write the entry's files. */
    public Path directory() {
        return directory;
    }

    /**
     * Moves a file of the same file system into the entry. Where another user may have put a link in the place of the directory,
     * that is not followed: it could lead to a file of that name, which would be replaced.
     */
    public void take(Path file, String name) throws IOException {
        try (Fd inside =
                Fd.openDirectoryIfPresent(directory).orElseThrow(() -> new NoSuchFileException(directory.toString()))) {
            inside.takeAt(file, name);
        }
    }

    /** An empty directory on the same file system, for what does not become part of the entry. */
    public Path scratch() throws IOException {
        return Files.createDirectories(directory.resolve(SCRATCH));
    }

    /**
     * Forces everything to disk and makes it visible. When this has returned the entry lasts; when it has thrown, the
     * old entry is still there or, on a file system that cannot exchange, none or the new one.
     *
     * @return whether there was an entry before
     */
    public boolean publish() throws IOException {
        FileTrees.deleteInside(directory, SCRATCH);
        return lock.publish(directory);
    }

    @Override
    public void close() {
        lock.discard(directory);
    }
}
