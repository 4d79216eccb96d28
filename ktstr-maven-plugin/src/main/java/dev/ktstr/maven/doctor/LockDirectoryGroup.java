package dev.ktstr.maven.doctor;

import dev.ktstr.Environment;
import dev.ktstr.Printable;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.LockGuard;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The directory of the locks that all users of the machine share. */
final class LockDirectoryGroup {
    private static final String NAME = "lock directory";
    private static final String LOCK = "ktstr-lock-doctor.lock";
    private static final int STICKY = 01000;
    private static final int OTHERS_WRITE = 0022;

    private final Environment environment;
    private final Path directory;

    LockDirectoryGroup(Environment environment) throws IOException {
        this.environment = environment;
        this.directory = HostLocks.of(environment).directory();
    }

    void examine(Findings findings) {
        findings.check(NAME, this::directory);
        if (Files.isDirectory(directory)) {
            findings.check("lock files", this::files);
        }
    }

    private Finding directory() throws IOException {
        String where = directory
                + (environment.variable("KTSTR_LOCK_DIR").isPresent()
                        ? " (KTSTR_LOCK_DIR)"
                        : " (KTSTR_LOCK_DIR is unset)");
        String shown = Printable.shellWord(directory);
        if (!Files.isDirectory(directory)) {
            boolean isFile = Files.exists(directory);
            return Finding.fail(
                    NAME,
                    where + (isFile ? " is not a directory" : " is not there") + ": named locks cannot be taken",
                    List.of(isFile ? "unset KTSTR_LOCK_DIR" : Shell.sudo() + "mkdir -p -m 1777 " + shown));
        }
        if (!excludes(Flock.on(directory.resolve(LOCK), environment, event -> {}))) {
            return Finding.fail(
                    NAME,
                    where + ": a lock that was held exclusive was given a second time",
                    List.of("# have it on a local file system: unset KTSTR_LOCK_DIR"));
        }
        int mode = (Integer) Files.getAttribute(directory, "unix:mode");
        if ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
            return Finding.warn(
                    NAME,
                    where
                            + ": others may write to it, and it is not sticky: anybody can remove a lock file that is held",
                    List.of(Shell.sudo() + "chmod +t " + shown));
        }
        return Finding.ok(NAME, where + ": a lock file could be made and locked in it");
    }

    /**
     * Whether a lock that is held exclusive is refused: to us, or by us to another doctor. The file has one name, and is removed
     * under its lock, by whoever may: so at most one stays when a doctor is killed, for the next one. Nobody is misled by that,
     * because who is granted a lock looks whether the file still has its name.
     */
    private static boolean excludes(Flock lock) throws IOException {
        try (LockGuard held = lock.tryAcquire(FlockMode.EXCLUSIVE).orElse(null)) {
            if (held == null) {
                return true;
            }
            try (LockGuard second = lock.tryAcquire(FlockMode.SHARED).orElse(null)) {
                return second == null;
            } finally {
                remove(lock.lockFile());
            }
        }
    }

    private static void remove(Path file) throws IOException {
        try {
            Files.deleteIfExists(file);
        } catch (FileSystemException denied) {
            if (!Files.exists(file)) {
                throw denied;
            }
            // Another user's, in a sticky directory: theirs to remove, and as good for the next one.
        }
    }

    private Finding files() throws IOException {
        List<Path> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "ktstr-*.lock")) {
            files.forEach(all::add);
        }
        List<Path> closed =
                all.stream().filter(file -> !Files.isReadable(file)).sorted().toList();
        return closed.isEmpty()
                ? Finding.ok("lock files", "of " + all.size() + " ktstr-*.lock in " + directory + " all can be opened")
                : Finding.warn(
                        "lock files",
                        closed.size() + " of " + all.size() + " ktstr-*.lock in " + directory
                                + " cannot be opened by this user, such as "
                                + closed.get(0).getFileName(),
                        List.of(Shell.sudo() + "chmod 0666 "
                                + closed.stream().map(Printable::shellWord).collect(Collectors.joining(" "))));
    }
}
