package dev.ktstr.vm;

import dev.ktstr.elf.DynamicLinking;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A program or a shared library, as the dynamic loader sees it when it looks for what it needs.
 *
 * @param path where it was found, absolute; of the program the real path
 * @param linking what it asks of the loader
 * @param wantedBy what needs this, the first of several; null for the program
 */
record LoadedObject(
        Path path, DynamicLinking linking, @Nullable LoadedObject wantedBy) {
    /** {@code PATH_MAX}: nothing can be found by a longer path. */
    private static final int LONGEST_PATH = 4096;

    /** See {@code ld.so(8)}, "Dynamic string tokens". */
    private static final Pattern TOKEN =
            Pattern.compile("\\$(?:\\{(ORIGIN|LIB|PLATFORM)\\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))");

    /**
     * Where the loader looks for what this needs, in its order. {@code LD_LIBRARY_PATH} is left out: it would count
     * between the two parts, but it is not set in the guest, and what it says here is about other programs.
     *
     * @param architecture as {@code uname -m} names it
     */
    Set<Path> searched(DynamicLoader loader, String architecture) {
        Set<Path> directories = new LinkedHashSet<>();
        if (loader.isMusl()) {
            // One path for each, the newer tag if there are both; both are inherited (musl's ldso/dynlink.c).
            for (LoadedObject object = this; object != null; object = object.wantedBy) {
                List<String> rpath = object.linking.rpath();
                List<String> runpath = object.linking.runpath();
                object.expand(runpath.isEmpty() ? rpath : runpath, loader, architecture, directories);
            }
        } else if (linking.runpath().isEmpty()) {
            for (LoadedObject object = this; object != null; object = object.wantedBy) {
                if (object.linking.runpath().isEmpty()) {
                    object.expand(object.linking.rpath(), loader, architecture, directories);
                }
            }
        } else {
            expand(linking.runpath(), loader, architecture, directories);
        }
        directories.addAll(loader.system());
        return directories;
    }

    private void expand(
            List<String> elements, DynamicLoader loader, String architecture, Collection<Path> directories) {
        // Of a library the path it was found by, without following links: so do both loaders.
        String origin = Objects.requireNonNull(path.getParent(), "a file is in a directory")
                .toString();
        for (String element : elements) {
            // Bounds what a text of nothing but tokens can cost.
            if (element.length() > LONGEST_PATH) {
                continue;
            }
            // The loader knows the one that it was compiled with; this file does not say which.
            List<String> libs = element.contains("LIB")
                    ? List.of("lib/" + loader.multiarch().orElse(""), "lib64", "lib")
                    : List.of("lib");
            for (String lib : libs) {
                String text = TOKEN.matcher(element)
                        .replaceAll(token -> Matcher.quoteReplacement(
                                switch (Optional.ofNullable(token.group(1)).orElseGet(() -> token.group(2))) {
                                    case "ORIGIN" -> origin;
                                    case "LIB" -> lib;
                                    default -> architecture;
                                }));
                DynamicLoader.named(text).ifPresent(directories::add);
            }
        }
    }
}
