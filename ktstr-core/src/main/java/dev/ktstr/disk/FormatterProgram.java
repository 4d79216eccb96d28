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
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The program that formats with one file system, as found on this machine.
 *
 * @param path as found: what links to several programs looks at the name that it is called by
 */
public record FormatterProgram(Path path, String fingerprint) {
    private static final int FINGERPRINT_DIGITS = 16;
    private static final int BUFFER = 1 << 16;

    /**
     * What has been found in this process: looking through a long PATH, and hashing, would cost more than a clone. A file that
     * changed has another size or time, and is looked for again; one that comes earlier on the PATH from now on is not noticed.
     */
    private static final class Memo {
        private final Map<Wanted, Known> known = new ConcurrentHashMap<>();

        private record Wanted(Filesystem filesystem, Optional<String> path, List<String> also) {}

        private record Known(FormatterProgram program, FileStat file) {
            boolean isUnchanged() throws IOException {
                return FileStat.of(program.path).filter(file::isUnchanged).isPresent();
            }
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
        Map<Memo.Wanted, Memo.Known> memo = environment.remembered(Memo.class, Memo::new).known;
        Memo.Wanted wanted = new Memo.Wanted(filesystem, environment.variable("PATH"), also);
        Memo.Known known = memo.get(wanted);
        if (known == null || !known.isUnchanged()) {
            Path found = find(filesystem, environment, also);
            FileStat file = FileStat.of(found).orElseThrow(() -> new NoSuchFileException(found.toString()));
            known = new Memo.Known(new FormatterProgram(found, fingerprint(found)), file);
            memo.put(wanted, known);
        }
        return known.program();
    }

    private static Path find(Filesystem filesystem, Environment environment, List<String> also) throws IOException {
        Programs programs = new Programs(environment, also);
        return programs.find(filesystem.program())
                .orElseThrow(() -> new DiskException(
                        ErrorCode.FORMATTER_MISSING,
                        "formatting a disk with " + filesystem.text() + ": " + programs.missing(filesystem.program()),
                        null,
                        Programs.install(filesystem.packageName(), filesystem.packageName())));
    }

    private static String fingerprint(Path program) throws IOException {
        MessageDigest digest = DiskKey.sha256();
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(program)) {
            int count;
            while ((count = in.read(buffer)) >= 0) {
                digest.update(buffer, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, FINGERPRINT_DIGITS);
    }

    /** What it has to be told to format such a disk, without the disk itself, which comes last. */
    public List<String> arguments(DiskSpec spec) {
        List<String> arguments = new ArrayList<>(spec.filesystem().usualOptions());
        spec.label().ifPresent(label -> arguments.addAll(List.of("-L", label)));
        arguments.addAll(spec.options());
        return arguments;
    }
}
