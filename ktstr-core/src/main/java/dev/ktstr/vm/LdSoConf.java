package dev.ktstr.vm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.PatternSyntaxException;

/**
 * The directories that {@code ld.so.conf} names: those that {@code ldconfig(8)} makes {@code /etc/ld.so.cache} of. What
 * cannot be read or understood is passed over, as ldconfig does. Source: {@code parse_conf} in glibc's
 * {@code elf/ldconfig.c}. One use.
 */
final class LdSoConf {
    private static final String ETC = "/etc/";

    private final Path etc;
    private final Set<Path> directories = new LinkedHashSet<>();
    private final Set<Path> files = new HashSet<>();

    private LdSoConf(Path etc) {
        this.etc = etc.toAbsolutePath();
    }

    /**
     * In their order; none if there is no such file, as on systems of musl.
     *
     * @param etc what stands for {@code /etc}, also in patterns of included files
     */
    static List<Path> directories(Path etc) {
        LdSoConf conf = new LdSoConf(etc);
        conf.read(conf.etc.resolve("ld.so.conf"));
        return List.copyOf(conf.directories);
    }

    private void read(Path file) {
        String text;
        try {
            // A file that includes itself would be read for ever.
            if (!Files.isRegularFile(file) || !files.add(file.toRealPath())) {
                return;
            }
            text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            return;
        }
        for (String line : text.split("\n", -1)) {
            readLine(line.replaceFirst("#.*", "").strip(), file);
        }
    }

    private void readLine(String line, Path file) {
        String[] words = line.split("[ \t]+", -1);
        if (words[0].equals("include")) {
            Arrays.stream(words)
                    .skip(1)
                    .flatMap(pattern -> DynamicLoader.named(located(pattern, file)).stream())
                    .flatMap(pattern -> matching(pattern).stream())
                    .forEach(this::read);
        } else if (!words[0].equals("hwcap")) {
            // What may follow is the C library that the directory is for, such as "=libc6"; long out of use.
            DynamicLoader.named(line.replaceFirst("=.*", "").strip()).ifPresent(directories::add);
        }
    }

    private String located(String pattern, Path file) {
        if (pattern.startsWith(ETC)) {
            return etc + "/" + pattern.substring(ETC.length());
        }
        return pattern.startsWith("/") ? pattern : file.resolveSibling("") + "/" + pattern;
    }

    /** As {@code glob(3)}: in the order of names, and files that start with a dot only if the pattern does. */
    private static List<Path> matching(Path pattern) {
        List<Path> found = List.of(Path.of("/"));
        for (Path part : pattern) {
            List<Path> next = new ArrayList<>();
            for (Path directory : found) {
                next.addAll(matching(directory, part.toString()));
            }
            found = next;
        }
        return found;
    }

    private static List<Path> matching(Path directory, String pattern) {
        if (!pattern.matches(".*[*?\\[].*")) {
            return List.of(directory.resolve(pattern));
        }
        List<Path> found = new ArrayList<>();
        try {
            // Braces mean nothing to glob(3).
            PathMatcher matcher = directory
                    .getFileSystem()
                    .getPathMatcher("glob:" + pattern.replace("{", "\\{").replace("}", "\\}"));
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
                for (Path entry : entries) {
                    Path name = directory.relativize(entry);
                    if (matcher.matches(name) && name.toString().startsWith(".") == pattern.startsWith(".")) {
                        found.add(entry);
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException | PatternSyntaxException none) {
            return List.of();
        }
        found.sort(null);
        return found;
    }
}
