package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The program that formats with one file system, as found on this machine.
 *
 * @param path as found: what links to several programs looks at the name that it is called by
 */
public record FormatterProgram(Path path, String fingerprint) {
    private static final int FINGERPRINT_DIGITS = 16;
    private static final int BUFFER = 1 << 16;

    /** Fingerprints that have been computed; a file that changed has another size or time. */
    private static final class Memo {
        private record Known(FileStat file, String fingerprint) {}

        private final Map<Path, Known> byPath = new ConcurrentHashMap<>();

        String fingerprint(Path path) throws IOException {
            FileStat now = FileStat.of(path).orElseThrow(() -> new NoSuchFileException(path.toString()));
            Known known = byPath.get(path);
            if (known == null || !now.isUnchanged(known.file())) {
                known = new Known(now, read(path));
                byPath.put(path, known);
            }
            return known.fingerprint();
        }

        private static String read(Path path) throws IOException {
            MessageDigest digest = DiskKey.sha256();
            byte[] buffer = new byte[BUFFER];
            try (InputStream in = Files.newInputStream(path)) {
                int count;
                while ((count = in.read(buffer)) >= 0) {
                    digest.update(buffer, 0, count);
                }
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, FINGERPRINT_DIGITS);
        }
    }

    /**
     * Looks for it, on the {@code PATH} and in the usual directories.
     *
     * @throws DiskException if there is none
     */
    public static FormatterProgram locate(Filesystem filesystem, Environment environment) throws IOException {
        return locate(filesystem, environment, Programs.USUAL_DIRECTORIES);
    }

    /** @param also directories to look in after those of the PATH */
    static FormatterProgram locate(Filesystem filesystem, Environment environment, List<String> also)
            throws IOException {
        Programs programs = new Programs(environment, also);
        Path found = programs.find(filesystem.program())
                .orElseThrow(() -> new DiskException(
                        ErrorCode.FORMATTER_MISSING,
                        "formatting a disk with " + filesystem.text() + ": " + programs.missing(filesystem.program()),
                        null,
                        Programs.install(filesystem.packageName(), filesystem.packageName())));
        return new FormatterProgram(
                found, environment.remembered(Memo.class, Memo::new).fingerprint(found));
    }

    /** What it has to be told to format such a disk, without the disk itself, which comes last. */
    public List<String> arguments(DiskSpec spec) {
        List<String> arguments = new ArrayList<>(spec.filesystem().usualOptions());
        spec.label().ifPresent(label -> arguments.addAll(List.of("-L", label)));
        arguments.addAll(spec.options());
        return arguments;
    }
}
