package dev.ktstr.vm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The dynamic loader of a program, and where it looks for libraries when nothing in a program or library says where.
 *
 * @param interpreter as programs name it: absolute
 * @param isMusl whether it is musl's, and not glibc's
 * @param guestDirectory where in the guest it finds libraries without a cache and without configuration
 * @param system the directories of this machine, in the order of the search
 * @param multiarch the name of the directories for one architecture below {@code lib}, such as
 *     {@code x86_64-linux-gnu}; empty on systems that have none
 */
record DynamicLoader(
        Path interpreter, boolean isMusl, Path guestDirectory, List<Path> system, Optional<String> multiarch) {
    private static final Pattern MUSL = Pattern.compile("ld-musl-(.+)\\.so\\.1");
    /** The libraries that musl's loader is itself; see {@code load_library} in musl's {@code ldso/dynlink.c}. */
    private static final Pattern IN_MUSL = Pattern.compile("lib(?:c|pthread|rt|m|dl|util|xnet)\\..*", Pattern.DOTALL);

    private static final List<Path> GLIBC_SYSTEM =
            Stream.of("/lib64", "/usr/lib64", "/lib", "/usr/lib").map(Path::of).toList();
    private static final String MUSL_SYSTEM = "/lib:/usr/local/lib:/usr/lib";

    /**
     * @param interpreter absolute, as the program names it
     * @param file its real path
     * @param etc what stands for {@code /etc}
     * @throws IOException if musl's configuration is there and cannot be read
     */
    static DynamicLoader of(Path interpreter, Path file, Path etc) throws IOException {
        Path directory = Objects.requireNonNull(file.getParent(), "a file is in a directory");
        Optional<String> multiarch = Optional.ofNullable(directory.getFileName())
                .map(Path::toString)
                .filter(name -> name.contains("-linux-"));
        Matcher musl = MUSL.matcher(String.valueOf(interpreter.getFileName()));
        if (musl.matches()) {
            // Its first default, wherever the loader is: it may be a link to a libc.so in a directory of its own,
            // which is searched only if /etc/ld-musl-*.path says so, and the guest has no such file.
            return new DynamicLoader(interpreter, true, Path.of("/lib"), muslPath(etc, musl.group(1)), multiarch);
        }
        Set<Path> system = new LinkedHashSet<>(LdSoConf.directories(etc));
        system.add(directory);
        multiarch.ifPresent(name -> {
            system.add(Path.of("/lib", name));
            system.add(Path.of("/usr/lib", name));
        });
        system.addAll(GLIBC_SYSTEM);
        // glibc's makefiles put the loader into a directory that they compile into it as trusted, so it looks there
        // even without ld.so.cache. Its real path, because /lib64 is only where the loader has a link on Debian; it
        // searches /lib/x86_64-linux-gnu and /usr/lib/x86_64-linux-gnu (see "ld.so --help"), on Fedora /usr/lib64.
        return new DynamicLoader(interpreter, false, directory, List.copyOf(system), multiarch);
    }

    /** As musl's loader reads it: paths, between colons or on lines of their own. */
    private static List<Path> muslPath(Path etc, String architecture) throws IOException {
        Path configuration = etc.resolve("ld-musl-" + architecture + ".path");
        String path = Files.isRegularFile(configuration)
                ? new String(Files.readAllBytes(configuration), StandardCharsets.UTF_8)
                : MUSL_SYSTEM;
        return Arrays.stream(path.split("[:\n]+", -1))
                .flatMap(directory -> named(directory).stream())
                .toList();
    }

    /**
     * A path that a file names. Empty for what is relative to the working directory, which nobody knows yet, and for what
     * is not in the encoding that this JVM has for file names.
     */
    static Optional<Path> named(String text) {
        try {
            return text.startsWith("/") ? Optional.of(Path.of(text)) : Optional.empty();
        } catch (InvalidPathException unusable) {
            return Optional.empty();
        }
    }

    /** Whether the loader takes itself for the library of that name, and looks for no file. */
    boolean isItself(String name) {
        // glibc's libc.so.6 needs ld-linux-*.so.*: that is the loader's DT_SONAME, and the name of the file or of the
        // link that programs know it by.
        return name.equals(interpreter.toString())
                || name.equals(String.valueOf(interpreter.getFileName()))
                || (isMusl && IN_MUSL.matcher(name).matches());
    }
}
