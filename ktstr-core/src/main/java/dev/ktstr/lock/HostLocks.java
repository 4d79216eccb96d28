package dev.ktstr.lock;

import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.event.EventSink;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The locks that all users of a machine share, whatever their stores are, in one directory: {@code KTSTR_LOCK_DIR}, else
 * {@code /tmp}. Immutable, safe for use by several threads.
 */
public final class HostLocks {
    private static final Pattern LLC = Pattern.compile("ktstr-llc-([0-9]{1,9})\\.lock");
    private static final Pattern CPU = Pattern.compile("ktstr-cpu-([0-9]{1,9})\\.lock");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");
    private static final Pattern NAMED = Pattern.compile("ktstr-lock-(" + NAME + ")\\.lock");
    private static final String WAIT = "wait for the holders to finish, or end them, and try again";
    private static final String HOLDERS = "ktstr-holders";

    private final Path directory;

    private HostLocks(Path directory) {
        this.directory = directory;
    }

    /**
     * Those that an environment names.
     *
     * @throws EnvironmentException if the variable is no path
     */
    public static HostLocks of(Environment environment) throws EnvironmentException {
        String name = environment.variable("KTSTR_LOCK_DIR").orElse("/tmp");
        try {
            return new HostLocks(Path.of(name).toAbsolutePath());
        } catch (InvalidPathException notHere) {
            throw new EnvironmentException(
                    ErrorCode.ENV_SETTING,
                    "reading KTSTR_LOCK_DIR: \"" + name + "\" is no path for this JVM (" + notHere.getReason() + ")",
                    "set KTSTR_LOCK_DIR to a directory that all users may write to, or unset it",
                    notHere);
        }
    }

    /** Where they are; it need not be there. */
    public Path directory() {
        return directory;
    }

    /**
     * The lock of a name: whoever takes it, in whichever process of this machine, leaves a record of who they are. Several
     * are to be taken in order of name. Touches nothing yet.
     *
     * @param name 1 to 100 letters (of ASCII), digits, dots, underscores and hyphens
     * @throws IllegalArgumentException if it is anything else
     */
    public Flock named(String name, Environment environment, EventSink events) {
        requireName(name);
        return Flock.on(directory.resolve("ktstr-lock-" + name + ".lock"), environment, events)
                .describedAs("lock \"" + name + "\"", WAIT)
                .recordedIn(directory.resolve(HOLDERS));
    }

    /**
     * The lock of a last-level cache and the CPUs that share it: taken exclusive by who wants all of them undisturbed, else
     * shared. Whoever takes it leaves a record of who they are.
     */
    public Flock llc(int number, Environment environment, EventSink events) {
        return numbered("llc", "LLC ", number, environment, events);
    }

    /** The lock of a CPU, always taken exclusive. Whoever takes it leaves a record of who they are. */
    public Flock cpu(int number, Environment environment, EventSink events) {
        return numbered("cpu", "CPU ", number, environment, events);
    }

    private Flock numbered(String kind, String what, int number, Environment environment, EventSink events) {
        return Flock.on(directory.resolve("ktstr-" + kind + "-" + number + ".lock"), environment, events)
                .describedAs(what + number, WAIT)
                .recordedIn(directory.resolve(HOLDERS));
    }

    /**
     * Refuses what is no name of a lock, as {@link #named} does.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static void requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no name of a lock: 1 to 100 of A-Z, a-z, 0-9, dot, underscore and hyphen");
        }
    }

    /** Of last-level caches, by number. */
    public List<ListedLock> llcs(LockSurvey survey) throws IOException {
        return byNumber(list(LLC, survey));
    }

    /** Of CPUs, by number. */
    public List<ListedLock> cpus(LockSurvey survey) throws IOException {
        return byNumber(list(CPU, survey));
    }

    /** Of whatever users have named. */
    public List<ListedLock> named(LockSurvey survey) throws IOException {
        return list(NAMED, survey);
    }

    private List<ListedLock> list(Pattern names, LockSurvey survey) throws IOException {
        return survey.list(directory, names, directory.resolve(HOLDERS));
    }

    private static List<ListedLock> byNumber(List<ListedLock> locks) {
        return locks.stream()
                .sorted(Comparator.comparingInt(lock -> Integer.parseInt(lock.name())))
                .toList();
    }
}
