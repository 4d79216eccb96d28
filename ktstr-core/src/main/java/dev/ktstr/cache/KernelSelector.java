package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Says which stored kernel is meant. Tried in this order:
 *
 * <ol>
 *   <li>an entry's key, exactly;
 *   <li>with a {@code /} in it, the path of an entry's directory, or of a file directly in one;
 *   <li>{@code latest};
 *   <li>a range, {@code 6.1..6.12}: every version that starts with a bound, or lies between them;
 *   <li>the beginning of a version, up to where one of its components ends: {@code 6.1} means 6.1.192 and not 6.12. The
 *       upstream version or the release string may match ({@code 6.1.0-56-cloud-amd64}).
 * </ol>
 *
 * The last three mean kernels of this machine's architecture only. Of several the highest version wins, then the one
 * stored last. Immutable.
 */
public final class KernelSelector {
    /** Selects the highest version. */
    public static final String LATEST = "latest";

    private static final String BETWEEN = "..";

    /** The highest version first, then the newest, then by key. */
    private static final Comparator<KernelEntry> BEST_FIRST = Comparator.comparing(KernelSelector::version)
            .thenComparing(entry -> entry.metadata().builtAtInstant().orElse(Instant.MIN))
            .reversed()
            .thenComparing(KernelEntry::key);

    private static final KernelVersion NONE = new KernelVersion(List.of(), Optional.empty());

    private final String text;

    private KernelSelector(String text) {
        this.text = text;
    }

    /**
     * Reads a selector; whether anything matches is found out when it is used.
     *
     * @throws KtstrException if it is blank, or a range without bounds or with the higher one first
     */
    public static KernelSelector parse(String text) throws KtstrException {
        if (text.isBlank()) {
            throw invalid(text, "it is empty");
        }
        if (isRange(text)) {
            requireRange(text);
        }
        return new KernelSelector(text);
    }

    /** Whether this means every version between two, rather than the best one. */
    public boolean isRange() {
        return isRange(text);
    }

    private static boolean isRange(String text) {
        return !text.contains("/") && text.contains(BETWEEN);
    }

    private static void requireRange(String text) throws KtstrException {
        Optional<KernelVersion> low = KernelVersion.of(low(text));
        Optional<KernelVersion> high = KernelVersion.of(high(text));
        if (low.isEmpty() || high.isEmpty() || high(text).contains(BETWEEN)) {
            throw invalid(text, "a range has a version on both sides");
        }
        if (low.get().compareTo(high.get()) > 0) {
            throw invalid(text, "the lower version comes first in a range");
        }
    }

    /**
     * What is meant, the best first.
     *
     * @param root where the entries are
     * @throws KtstrException if this is a path to somewhere else
     */
    List<KernelEntry> select(List<KernelEntry> entries, Path root) throws KtstrException {
        String key = text.contains("/") ? keyOfPath(root) : text;
        List<KernelEntry> exact =
                entries.stream().filter(entry -> entry.key().equals(key)).toList();
        if (!exact.isEmpty() || text.contains("/")) {
            return exact;
        }
        return entries.stream()
                .filter(entry -> entry.metadata().arch().equals(Machine.arch()))
                .filter(entry -> text.equals(LATEST) || versions(entry).anyMatch(this::covers))
                .sorted(BEST_FIRST)
                .toList();
    }

    private boolean covers(String version) {
        if (!isRange()) {
            return KernelVersion.startsWith(version, text);
        }
        return KernelVersion.startsWith(version, low(text))
                || KernelVersion.startsWith(version, high(text))
                || KernelVersion.of(version).filter(this::isBetween).isPresent();
    }

    private boolean isBetween(KernelVersion version) {
        return version.compareTo(KernelVersion.of(low(text)).orElse(NONE)) > 0
                && version.compareTo(KernelVersion.of(high(text)).orElse(NONE)) < 0;
    }

    private String keyOfPath(Path root) throws KtstrException {
        try {
            Path path = resolved(Path.of(text).toAbsolutePath().normalize());
            Path base = resolved(root);
            if (path.startsWith(base)) {
                Path inside = base.relativize(path);
                if (inside.getNameCount() <= 2 && !inside.toString().isEmpty()) {
                    return inside.getName(0).toString();
                }
            }
        } catch (InvalidPathException noPath) {
            throw invalid(text, "it is no path: " + noPath.getReason());
        }
        throw new StoreException(
                ErrorCode.SELECTOR,
                "selecting a kernel: \"" + text + "\" is a path, but not that of an entry of this cache",
                root,
                "store it, and select it by its version: mvn ktstr:kernel-store -Dktstr.image=" + text);
    }

    /** With links resolved as far as it exists. */
    private static Path resolved(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException absent) {
            Path parent = path.getParent();
            return parent == null ? path : resolved(parent).resolve(path.getFileName());
        }
    }

    private static Stream<String> versions(KernelEntry entry) {
        StoredDetails jvm = entry.metadata().jvm();
        return Stream.concat(
                Stream.ofNullable(entry.metadata().version()), jvm == null ? Stream.empty() : Stream.of(jvm.release()));
    }

    private static KernelVersion version(KernelEntry entry) {
        return versions(entry)
                .flatMap(text -> KernelVersion.of(text).stream())
                .findFirst()
                .orElse(NONE);
    }

    private static String low(String range) {
        return range.substring(0, range.indexOf(BETWEEN));
    }

    private static String high(String range) {
        return range.substring(range.indexOf(BETWEEN) + BETWEEN.length());
    }

    private static StoreException invalid(String text, String why) {
        return new StoreException(
                ErrorCode.SELECTOR,
                "selecting a kernel by \"" + text + "\": " + why,
                null,
                "give a key, a version (6.12, 6.1.192, 6.1.0-56-cloud-amd64), a range (6.1..6.12), latest, or the path of"
                        + " an entry");
    }

    /** As it was given. */
    @Override
    public String toString() {
        return text;
    }
}
