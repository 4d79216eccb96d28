package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.publish.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;

/**
 * A directory that only this user can enter, for one disk that has to have a name. The file {@code lock} in it is held for as
 * long as the disk is in use: when somebody else gets that lock, the directory is debris.
 */
final class PrivateDirectory implements AutoCloseable {
    static final Pattern NAME = Pattern.compile("\\.disks-[0-9]{1,10}\\.[0-9a-f]{8}");
    static final String LOCK = "lock";

    private final Path path;
    private final LockGuard guard;

    private PrivateDirectory(Path path, LockGuard guard) {
        this.path = path;
        this.guard = guard;
    }

    static PrivateDirectory create(Path parent, Environment environment) throws IOException {
        String name = ".disks-" + ProcessHandle.current().pid() + "." + environment.randomSuffix();
        Path path = Files.createDirectory(
                parent.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            return new PrivateDirectory(path, Flock.on(path.resolve(LOCK)).acquire(FlockMode.EXCLUSIVE));
        } catch (IOException refused) {
            FileTrees.delete(path);
            throw refused;
        }
    }

    Path disk() {
        return path.resolve("disk.img");
    }

    @Override
    public void close() throws IOException {
        try (guard) {
            FileTrees.delete(path);
        }
    }
}
