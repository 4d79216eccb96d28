package dev.ktstr.maven;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.PackageId;
import dev.ktstr.cache.StoredDetails;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which kernel came out of which package files, so that they need not be read again to find it: 300 MB take a second. Kept in
 * a file of the project, and for the other projects of this build in memory. It is a hint: only a usable entry that says it was
 * made of packages with these checksums is believed. For one thread.
 */
final class PackageMemory {
    /** What is known to this process. */
    private static final class Shared {
        private final Map<String, String> remembered = new ConcurrentHashMap<>();
        private final Map<List<Object>, Object> monitors = new ConcurrentHashMap<>();
    }

    /** Between key and checksums: no key has one. */
    private static final char SEPARATOR = '/';

    /** How a file is described in a fingerprint: path, size, time. */
    private static final Pattern LOOK = Pattern.compile("(.+?) [0-9]+ \\S+ \\| ", Pattern.DOTALL);

    private final PropertiesFile file;
    private final Environment environment;
    private final Shared shared;
    private final Map<String, String> before;
    private final Map<String, String> now = new TreeMap<>();
    private final Set<String> wrong = new HashSet<>();

    PackageMemory(PropertiesFile file, Environment environment) {
        this.file = file;
        this.environment = environment;
        this.shared = environment.remembered(Shared.class, Shared::new);
        this.before = file.read();
    }

    /** The same object for the same source, to be held while that is stored: other projects of this build may want it, too. */
    Object monitor(KernelCache cache, KernelNeed need) {
        return shared.monitors.computeIfAbsent(
                List.of(cache.root(), need.packages(), need.kernelTree()), absent -> new Object());
    }

    /**
     * What the package files of a kernel look like from outside, with what else decides what is stored.
     *
     * @return empty if there are no packages, or one cannot be looked at
     */
    static Optional<String> fingerprint(KernelNeed need) {
        if (need.packages().isEmpty()) {
            return Optional.empty();
        }
        StringBuilder text = new StringBuilder();
        try {
            for (Path each : need.packages()) {
                text.append(look(each));
            }
        } catch (IOException absent) {
            return Optional.empty(); // reading it says what is wrong
        }
        text.append("modules ").append(need.modules().text());
        need.key().ifPresent(key -> text.append(" key ").append(key));
        return Optional.of(text.toString());
    }

    /** The kernel that came out of these files, if it is still there. */
    Optional<KernelEntry> recall(String fingerprint, KernelNeed need, KernelCache cache) throws IOException {
        for (Map<String, String> known : List.of(shared.remembered, before)) {
            String value = known.getOrDefault(fingerprint, "");
            int separator = value.indexOf(SEPARATOR);
            if (separator > 0) {
                Optional<KernelEntry> entry = cache.lookup(value.substring(0, separator))
                        .filter(found -> isOf(found, value.substring(separator + 1), need));
                if (entry.isPresent()) {
                    put(fingerprint, value);
                    return entry;
                }
            }
        }
        wrong.add(fingerprint);
        return Optional.empty();
    }

    void remember(String fingerprint, KernelEntry entry, List<PackageId> packages) {
        put(fingerprint, entry.key() + SEPARATOR + checksums(packages));
    }

    private void put(String fingerprint, String value) {
        shared.remembered.put(fingerprint, value);
        now.put(fingerprint, value);
    }

    /**
     * Writes what has been recalled and remembered, and what was not asked for, by which another execution may know its packages:
     * but for what has been found wrong, and what no file looks like any more.
     */
    void write() throws IOException {
        Map<String, String> known = new TreeMap<>(before);
        known.keySet().removeIf(fingerprint -> wrong.contains(fingerprint) || !isCurrent(fingerprint));
        known.putAll(now);
        if (!known.equals(before)) {
            file.write(known, environment);
        }
    }

    /** Whether the files still look like that. */
    private static boolean isCurrent(String fingerprint) {
        Matcher each = LOOK.matcher(fingerprint);
        while (each.lookingAt()) {
            try {
                if (!look(Path.of(each.group(1))).equals(each.group())) {
                    return false;
                }
            } catch (IOException | InvalidPathException gone) {
                return false;
            }
            each.region(each.end(), fingerprint.length());
        }
        return each.regionStart() > 0;
    }

    private static String look(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return file.toAbsolutePath().normalize() + " " + attributes.size() + " " + attributes.lastModifiedTime()
                + " | ";
    }

    /** One whose vmlinux could not be stripped is stored again, in case that works now. */
    private static boolean isOf(KernelEntry entry, String checksums, KernelNeed need) {
        StoredDetails details = entry.metadata().jvm();
        return details != null
                && checksums(details.packages()).equals(checksums)
                && details.modules().equals(need.modules().text())
                && (entry.vmlinux().isEmpty() || entry.metadata().vmlinuxStripped());
    }

    private static String checksums(List<PackageId> packages) {
        return packages.stream().map(PackageId::sha256).sorted().collect(Collectors.joining(","));
    }
}
