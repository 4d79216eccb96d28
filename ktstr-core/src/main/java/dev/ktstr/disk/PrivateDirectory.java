package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.event.EventSink;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.publish.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A directory that only this user can enter, for a disk that has to have a name, and for whatever else is needed in a store for
 * a while. The file {@code lock} in it is held for as long as it is in use: when somebody else gets that lock, the directory is
 * debris, which the next sweep of the disk templates removes where they or their disks are; elsewhere {@link #sweep}.
 */
public final class PrivateDirectory implements AutoCloseable {
    static final Pattern NAME = Pattern.compile("\\.disks-[0-9]{1,10}\\.[0-9a-f]{8}");
    static final String LOCK = "lock";

    private final Path path;
    private final LockGuard guard;

    private PrivateDirectory(Path path, LockGuard guard) {
        this.path = path;
        this.guard = guard;
    }

    /** A new one. */
    public static PrivateDirectory create(Path parent, Environment environment) throws IOException {
        while (true) {
            String name = ".disks-" + ProcessHandle.current().pid() + "." + environment.randomSuffix();
            Path path = Files.createDirectory(
                    parent.resolve(name),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            try {
                return new PrivateDirectory(path, Flock.on(path.resolve(LOCK)).acquire(FlockMode.EXCLUSIVE));
            } catch (IOException refused) {
                // Else a sweep has taken it for debris before it was locked: its clock is not ours, or was set
                // meanwhile.
                if (!Files.notExists(path)) {
                    deleteSuppressed(path, refused);
                    throw refused;
                }
            }
        }
    }

    private static void deleteSuppressed(Path path, IOException failure) {
        try {
            FileTrees.delete(path);
        } catch (IOException alsoFailed) {
            failure.addSuppressed(alsoFailed);
        }
    }

    /**
     * Removes those of this user whose lock is free, from a directory that is no store of templates: nobody else looks there.
     * What was made in the last minute stays, since its owner may not have come to the lock yet.
     *
     * @param events is told of what could not be removed
     * @return those that were removed
     */
    public static List<Path> sweep(Path parent, Environment environment, EventSink events) throws IOException {
        return new TemplateSweep(parent, environment, events).removePrivate();
    }

    /** The directory itself. */
    public Path path() {
        return path;
    }

    Path disk() {
        return path.resolve("disk.img");
    }

    /** Removes it, with all that is in it. */
    @Override
    public void close() throws IOException {
        try (guard) {
            FileTrees.delete(path);
        }
    }
}
