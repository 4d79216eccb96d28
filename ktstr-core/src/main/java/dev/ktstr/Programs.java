package dev.ktstr;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the programs of this machine that ktstr starts. Immutable. */
public final class Programs {
    /** Where programs for administrators are on most systems, which is often not on the PATH of others. */
    public static final List<String> USUAL_DIRECTORIES = List.of("/usr/sbin", "/sbin", "/usr/local/sbin");

    private static final String APT = "apt-get install";
    private static final String DNF = "dnf install";

    private final String path;
    private final List<String> also;

    /**
     * @param also directories to look in after those of the {@code PATH}
     * @throws EnvironmentException if {@code PATH} is not text
     */
    public Programs(Environment environment, List<String> also) throws EnvironmentException {
        this.path = environment.variable("PATH").orElse("");
        this.also = also;
    }

    /** With the usual directories besides the {@code PATH}. */
    public Programs(Environment environment) throws EnvironmentException {
        this(environment, USUAL_DIRECTORIES);
    }

    /** The first executable file of that name. */
    public Optional<Path> find(String name) {
        return Stream.concat(Stream.of(path.split(":", -1)), also.stream())
                .flatMap(directory -> candidate(directory, name).stream())
                .findFirst();
    }

    /** That there is none, for a message: half a sentence. */
    public String missing(String name) {
        return "there is no " + name + " on this machine (PATH is \"" + path + "\""
                + (also.isEmpty() ? "" : "; " + String.join(", ", also) + " were looked at, too") + ")";
    }

    /** What to type to have a package: half a sentence, for every system. */
    public static String install(String debian, String fedora) {
        return "install it: " + APT + " " + debian + " (Debian, Ubuntu), " + DNF + " " + fedora + " (Fedora)";
    }

    /**
     * The command that installs packages here, to be copied; on an unknown system those of Debian and of Fedora.
     *
     * @param before what to put in front of the command, such as {@code "sudo "}
     */
    public List<String> installing(String before, String debian, String fedora) {
        return ofThisSystem(before + APT + " -y " + debian, before + DNF + " -y " + fedora);
    }

    /** As {@link #installing}, for packages that are there and do not work. */
    public List<String> reinstalling(String before, String debian, String fedora) {
        return ofThisSystem(before + APT + " -y --reinstall " + debian, before + "dnf reinstall -y " + fedora);
    }

    private List<String> ofThisSystem(String apt, String dnf) {
        if (find("apt-get").isPresent()) {
            return List.of(apt);
        }
        return find("dnf").isPresent() ? List.of(dnf) : List.of("# Debian, Ubuntu:", apt, "# Fedora:", dnf);
    }

    private static Optional<Path> candidate(String directory, String name) {
        if (directory.isEmpty()) {
            return Optional.empty();
        }
        try {
            Path file = Path.of(directory, name);
            return Files.isRegularFile(file) && Files.isExecutable(file) && Files.size(file) > 0
                    ? Optional.of(file)
                    : Optional.empty();
        } catch (InvalidPathException | IOException unusable) {
            return Optional.empty();
        }
    }
}
