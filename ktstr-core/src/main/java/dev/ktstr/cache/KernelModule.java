package dev.ktstr.cache;

import dev.ktstr.elf.ElfFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A kernel module, as its own {@code .modinfo} section describes it (linux/include/linux/module.h). Names have underscores
 * where file names may have hyphens, as in the kernel.
 *
 * @param file where it is
 * @param path below {@code /lib/modules/<release>}
 * @param depends the modules whose symbols it uses: without them it cannot be loaded
 * @param before what it works better or only with, and what is to be loaded first: module names or aliases
 * @param after the same, to be loaded later
 * @param aliases other names, without those that are patterns for hardware
 * @param release of the kernel it was built for; empty if it does not say
 */
public record KernelModule(
        String name,
        Path file,
        String path,
        List<String> depends,
        List<String> before,
        List<String> after,
        Set<String> aliases,
        Optional<String> release) {
    static final String SUFFIX = ".ko";

    /** Of each kind. Real ones have a dozen; what is more is made up to keep us busy. */
    private static final int MOST_NAMES = 64;

    /**
     * Reads what a module says of itself.
     *
     * @param path what {@link #path} is to be
     * @throws dev.ktstr.elf.MalformedElfException if it is no ELF file
     */
    public static KernelModule read(Path file, String path) throws IOException {
        List<String> depends = new ArrayList<>();
        List<String> before = new ArrayList<>();
        List<String> after = new ArrayList<>();
        Set<String> aliases = new TreeSet<>();
        Optional<String> release = Optional.empty();
        try (ElfFile elf = ElfFile.open(file)) {
            for (String line : elf.moduleInfo()) {
                int equals = line.indexOf('=');
                String value = line.substring(equals + 1);
                switch (line.substring(0, Math.max(equals, 0))) {
                    case "depends" -> addNames(depends, value.split(",", -1));
                    case "softdep" -> addSoft(before, after, value);
                    case "alias" -> {
                        if (!isPattern(value) && aliases.size() < MOST_NAMES) {
                            aliases.add(normal(value));
                        }
                    }
                    case "vermagic" -> release = Optional.of(value.split(" ", -1)[0]);
                    default -> {}
                }
            }
        }
        return new KernelModule(nameOf(path), file, path, depends, before, after, aliases, release);
    }

    /** The name of the module in a file. */
    static String nameOf(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return normal(name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name);
    }

    /** {@code pre: a b post: c}, modprobe.d(5). */
    private static void addSoft(List<String> before, List<String> after, String value) {
        List<String> names = before;
        for (String word : value.split("\\s+", -1)) {
            switch (word) {
                case "pre:" -> names = before;
                case "post:" -> names = after;
                default -> addNames(names, word);
            }
        }
    }

    private static void addNames(Collection<String> names, String... more) {
        for (String name : more) {
            if (!name.isBlank() && names.size() < MOST_NAMES) {
                names.add(normal(name.strip()));
            }
        }
    }

    /** As those are that hardware is matched with; what somebody depends on has a plain name. */
    private static boolean isPattern(String alias) {
        return alias.indexOf('*') >= 0 || alias.indexOf(':') >= 0;
    }

    private static String normal(String name) {
        return name.replace('-', '_');
    }
}
