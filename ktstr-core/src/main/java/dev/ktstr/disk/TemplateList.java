package dev.ktstr.disk;

import dev.ktstr.KtstrException;
import dev.ktstr.os.Directories;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import dev.ktstr.publish.TemplateNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads which templates there are, without a lock. */
final class TemplateList {
    private static final long MEBIBYTE = 1L << 20;

    private final Path root;

    TemplateList(Path root) {
        this.root = root;
    }

    /** By key; empty without a root. */
    List<ListedTemplate> read() throws IOException {
        return keys().stream().map(this::read).toList();
    }

    /** In order, whatever is in them; empty without a root. */
    List<String> keys() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path directory : children()) {
            String name = String.valueOf(directory.getFileName());
            if (TemplateNames.isEntry(name) && Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                found.add(name);
            }
        }
        Collections.sort(found);
        return found;
    }

    private List<Path> children() throws KtstrException {
        try {
            return Directories.children(root);
        } catch (OsException failed) {
            throw new DiskException(
                    failed.code(), "reading the disk templates: " + failed.problem(), root, failed.remedy());
        }
    }

    /** The key of the newest usable template of a disk, whichever program made it. */
    Optional<String> newestOf(DiskSpec spec) throws IOException {
        String prefix = DiskKey.prefix(spec);
        String suffix = DiskKey.suffix(spec);
        return read().stream()
                .filter(template -> template.problem().isEmpty())
                .filter(template -> template.key().matches(prefix + "[0-9a-z]+" + suffix))
                .max(Comparator.comparing(template -> template.madeAt().orElse(Instant.EPOCH)))
                .map(ListedTemplate::key);
    }

    private ListedTemplate read(String key) {
        Path image = root.resolve(key).resolve(TemplateFamily.IMAGE);
        String[] parts = key.split("-", 3);
        Filesystem filesystem = Filesystem.valueOf(parts[0].toUpperCase(Locale.ROOT));
        long size = size(parts[1]);
        long allocated = 0;
        Optional<Instant> madeAt = Optional.empty();
        Optional<String> problem;
        try {
            FileStat stat = FileStat.of(image).orElse(null);
            if (stat != null) {
                allocated = stat.allocated();
                madeAt = Optional.of(Instant.ofEpochSecond(stat.modifiedSeconds(), stat.modifiedNanos()));
            }
            problem = filesystem == Filesystem.RAW
                    ? Optional.of("a raw disk has no template")
                    : Superblock.problem(image, filesystem, size);
        } catch (IOException unreadable) {
            // One that cannot be read must not hide the others.
            problem = Optional.of("it cannot be examined: " + FileFailures.describe(unreadable));
        }
        return new ListedTemplate(key, root.resolve(key), filesystem, size, allocated, madeAt, problem);
    }

    /** Of {@code 256m}; -1 if it is out of all bounds. */
    private static long size(String mebibytes) {
        try {
            return Math.multiplyExact(Long.parseLong(mebibytes.substring(0, mebibytes.length() - 1)), MEBIBYTE);
        } catch (NumberFormatException | ArithmeticException tooLarge) {
            return -1;
        }
    }
}
