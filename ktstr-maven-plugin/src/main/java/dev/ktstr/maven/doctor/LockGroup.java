package dev.ktstr.maven.doctor;

import dev.ktstr.Environment;
import dev.ktstr.Programs;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.lock.LockUnavailableException;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.Inotify;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether locks lock: between this process and another, in the store's file system. */
final class LockGroup {
    private static final Path INSTANCES = Path.of("/proc/sys/fs/inotify/max_user_instances");
    private static final int MOST_DIGITS = 32;
    private static final int MILLISECONDS = 2000;

    private final Environment environment;
    private final Programs programs;
    private final Path scratch;

    LockGroup(Environment environment, Path scratch) throws IOException {
        this.environment = environment;
        this.programs = new Programs(environment);
        this.scratch = scratch;
    }

    void examine(Findings findings) {
        Optional<Path> program = programs.find("flock");
        if (program.isEmpty()) {
            findings.check("flock", () -> withinThisProcess(scratch.resolve("lock-1")));
        } else {
            findings.check("flock", () -> betweenProcesses(program.get(), scratch.resolve("lock-2")));
            findings.check("holders", () -> holders(program.get(), scratch.resolve("lock-3")));
        }
        findings.check("inotify", () -> inotify(scratch.resolve("lock-4")));
    }

    private Finding withinThisProcess(Path file) throws IOException {
        boolean excludes;
        try (LockGuard held = take(file, FlockMode.EXCLUSIVE).orElse(null)) {
            excludes = held != null && take(file, FlockMode.SHARED).isEmpty();
        }
        String found = "tried in this process only, because " + programs.missing("flock");
        return excludes
                ? Finding.warn("flock", found, Shell.install(programs, "util-linux", "util-linux"))
                : wrong("two descriptors got one exclusive lock; " + found);
    }

    private Finding betweenProcesses(Path program, Path file) throws IOException, InterruptedException {
        List<String> wrong = new ArrayList<>();
        try (LockGuard held = take(file, FlockMode.EXCLUSIVE).orElse(null)) {
            require(wrong, held != null, "we did not get a free lock");
            require(wrong, !gets(program, "-s", file), "flock(1) got shared what we held exclusive");
        }
        try (LockGuard held = take(file, FlockMode.SHARED).orElse(null)) {
            require(wrong, held != null, "we did not get a lock that was given back");
            require(wrong, gets(program, "-s", file), "flock(1) did not get shared what we held shared");
            require(wrong, !gets(program, "-x", file), "flock(1) got exclusive what we held shared");
        }
        try (ChildLock child = ChildLock.tryTake(program, "-x", file)) {
            require(wrong, child.isHeld(), "flock(1) did not get what we gave back");
            require(wrong, isTaken(file), "we got what flock(1) held exclusive");
            child.release();
            require(wrong, !isTaken(file), "we did not get what flock(1) gave back");
        }
        return wrong.isEmpty()
                ? Finding.ok(
                        "flock",
                        "shared and exclusive, between this process and " + program + ", both ways, also after release")
                : wrong(String.join("; ", wrong));
    }

    private Finding holders(Path program, Path file) throws IOException {
        try (ChildLock child = ChildLock.tryTake(program, "-x", file)) {
            List<LockHolder> holders = Flock.on(file, environment, event -> {}).holders();
            return holders.stream().anyMatch(holder -> holder.pid() == child.pid())
                    ? Finding.ok("holders", "/proc/locks names the process that holds a lock")
                    : Finding.warn(
                            "holders",
                            "/proc/locks does not show that process " + child.pid() + " holds " + file
                                    + ": who holds a lock is known only where it left a record",
                            List.of("# in a container: have /proc of its own pid namespace mounted, and not hidden"));
        }
    }

    private Finding inotify(Path file) throws IOException, InterruptedException {
        String limit = limit();
        try (Inotify instance = Inotify.open();
                LockGuard held = take(file, FlockMode.EXCLUSIVE).orElseThrow()) {
            int watch = instance.watchClose(file);
            long start = environment.nanoTime();
            held.close();
            boolean woken = instance.await(MILLISECONDS).contains(watch);
            long micros = (environment.nanoTime() - start) / 1000;
            return woken
                    ? Finding.ok(
                            "inotify",
                            "the release of a lock was told after " + micros + " µs; a user may have " + limit
                                    + " instances (fs.inotify.max_user_instances)")
                    : Finding.warn(
                            "inotify",
                            "the release of a lock on this file system was not told within " + MILLISECONDS
                                    + " ms: who waits for a lock looks again every 5 to 50 ms",
                            List.of("# have the store on ext4, xfs, btrfs or tmpfs (KTSTR_CACHE_DIR)"));
        } catch (OsException failed) {
            if (failed.errno() != Errno.EMFILE) {
                throw failed;
            }
            return Finding.warn(
                    "inotify",
                    "this user has no inotify instance left of " + limit + " (fs.inotify.max_user_instances): who waits"
                            + " for a lock looks again every 5 to 50 ms",
                    List.of(
                            Shell.sudo() + "sysctl fs.inotify.max_user_instances=1024",
                            "# and for good:",
                            "echo fs.inotify.max_user_instances=1024 | " + Shell.sudo()
                                    + "tee /etc/sysctl.d/60-ktstr.conf"));
        }
    }

    /** Read in one piece: of a number in /proc/sys a second read gets nothing, and {@link Files} begins with one byte. */
    private static String limit() throws IOException {
        try (Fd file = Fd.openForReading(INSTANCES)) {
            return new String(file.readAll(MOST_DIGITS), StandardCharsets.US_ASCII).strip();
        } catch (OsException hidden) {
            return "an unknown number of";
        }
    }

    private boolean isTaken(Path file) throws IOException {
        try (LockGuard held = take(file, FlockMode.EXCLUSIVE).orElse(null)) {
            return held == null;
        }
    }

    private static boolean gets(Path program, String option, Path file) throws IOException {
        try (ChildLock child = ChildLock.tryTake(program, option, file)) {
            return child.isHeld();
        }
    }

    private Optional<LockGuard> take(Path file, FlockMode mode) throws LockUnavailableException, IOException {
        return Flock.on(file, environment, event -> {}).tryAcquire(mode);
    }

    private static void require(List<String> wrong, boolean isRight, String otherwise) {
        if (!isRight) {
            wrong.add(otherwise);
        }
    }

    private static Finding wrong(String found) {
        return Finding.fail(
                "flock",
                found,
                List.of(
                        "# have the store on a local file system, such as ext4, xfs, btrfs or tmpfs (KTSTR_CACHE_DIR)"));
    }
}
