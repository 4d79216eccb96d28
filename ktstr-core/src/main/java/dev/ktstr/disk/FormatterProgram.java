package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The program that formats with one file system, as found on this machine.
 *
 * @param path as found: what links to several programs looks at the name that it is called by
 */
record FormatterProgram(Path path, String fingerprint) {
    private static final int FINGERPRINT_DIGITS = 16;
    private static final int BUFFER = 1 << 16;

    /** Where they are on most systems, which is often not on the PATH of people who are not root. */
    private static final List<String> ALSO = List.of("/usr/sbin", "/sbin", "/usr/local/sbin");

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

    /** @throws DiskException if there is none */
    static FormatterProgram locate(Filesystem filesystem, Environment environment) throws IOException {
        return locate(filesystem, environment, ALSO);
    }

    /** @param also directories to look in after those of the PATH */
    static FormatterProgram locate(Filesystem filesystem, Environment environment, List<String> also)
            throws IOException {
        String path = environment.variable("PATH").orElse("");
        Path found = Stream.concat(Stream.of(path.split(":", -1)), also.stream())
                .flatMap(directory -> candidate(directory, filesystem.program()).stream())
                .findFirst()
                .orElseThrow(() -> new DiskException(
                        ErrorCode.FORMATTER_MISSING,
                        "formatting a disk with " + filesystem.text() + ": there is no " + filesystem.program()
                                + " on this machine (PATH is \"" + path + "\"; " + String.join(", ", also)
                                + " were looked at, too)",
                        null,
                        "install it: apt-get install " + filesystem.packageName() + " (Debian, Ubuntu), dnf install "
                                + filesystem.packageName() + " (Fedora)"));
        return new FormatterProgram(
                found, environment.remembered(Memo.class, Memo::new).fingerprint(found));
    }

    private static Optional<Path> candidate(String directory, String program) {
        if (directory.isEmpty()) {
            return Optional.empty();
        }
        try {
            Path file = Path.of(directory, program);
            return Files.isRegularFile(file) && Files.isExecutable(file) && Files.size(file) > 0
                    ? Optional.of(file)
                    : Optional.empty();
        } catch (InvalidPathException | IOException unusable) {
            return Optional.empty();
        }
    }
}
