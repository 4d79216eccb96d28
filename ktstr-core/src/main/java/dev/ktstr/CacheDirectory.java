package dev.ktstr;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where each family of entries lives: {@code KTSTR_CACHE_DIR}, else under XDG_CACHE_HOME, else under HOME. */
public final class CacheDirectory {
    private static final String ADVICE =
            "set KTSTR_CACHE_DIR to a directory for ktstr's cache, or XDG_CACHE_HOME to one for all caches";

    private CacheDirectory() {}

    /**
     * The directory of a family. Nothing is created. A relative path is taken from the working directory of this
     * moment and comes back absolute.
     *
     * @param family the last component, such as {@code kernels}; not appended to {@code KTSTR_CACHE_DIR}, which all
     *     families share
     * @throws EnvironmentException if a variable that decides is unusable; it is never passed over in silence
     */
    public static Path of(Environment environment, String family) throws EnvironmentException {
        Optional<String> explicit = environment.variable("KTSTR_CACHE_DIR");
        if (explicit.isPresent()) {
            return path("KTSTR_CACHE_DIR", explicit.get());
        }
        Optional<String> xdg = environment.variable("XDG_CACHE_HOME");
        if (xdg.isPresent()) {
            return path("XDG_CACHE_HOME", xdg.get()).resolve("ktstr").resolve(family);
        }
        return home(environment).resolve(".cache").resolve("ktstr").resolve(family);
    }

    /**
     * What the user should hear about the choice: the XDG Base Directory Specification calls a relative path invalid,
     * and it depends on the working directory. The original takes it, and so do we.
     */
    public static Optional<String> caution(Environment environment) throws EnvironmentException {
        Optional<String> xdg = environment.variable("XDG_CACHE_HOME");
        return environment.variable("KTSTR_CACHE_DIR").isPresent()
                        || xdg.isEmpty()
                        || xdg.get().startsWith("/")
                ? Optional.empty()
                : Optional.of("XDG_CACHE_HOME is \"" + xdg.get() + "\", a relative path: the cache is another one in"
                        + " every working directory; set it to an absolute path");
    }

    private static Path home(Environment environment) throws EnvironmentException {
        String home = environment.rawVariable("HOME").orElse(null);
        if (home == null) {
            throw unusable("HOME is unset", null);
        }
        if (home.isEmpty()) {
            throw unusable("HOME is set to the empty string", null);
        }
        if (home.equals("/")) {
            throw unusable("HOME is `/`, and /.cache/ktstr would be on the root file system", null);
        }
        if (!home.startsWith("/")) {
            throw unusable("HOME is \"" + home + "\", which is not an absolute path", null);
        }
        return path("HOME", home);
    }

    private static Path path(String variable, String value) throws EnvironmentException {
        try {
            return Path.of(value).toAbsolutePath();
        } catch (InvalidPathException notHere) {
            throw unusable(
                    variable + " is \"" + value + "\", which this JVM cannot use as a path (" + notHere.getReason()
                            + "; under a C locale it takes ASCII names only)",
                    notHere);
        }
    }

    private static EnvironmentException unusable(String why, @Nullable Throwable cause) {
        return new EnvironmentException(
                ErrorCode.ENV_CACHE_ROOT, "looking for the cache directory: " + why, ADVICE, cause);
    }
}
