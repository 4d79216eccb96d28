package dev.ktstr.cache;

import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Reads entries without a lock. Everything about one entry is read through one descriptor of its directory, so that a
 * replacement in between cannot mix two generations.
 */
final class EntryReader {
    /** Far more than any metadata; a file of another kind under that name must not fill the memory. */
    private static final int MAX_METADATA = 16 << 20;

    private static final Comparator<KernelEntry> NEWEST_FIRST = Comparator.comparing(
                    (KernelEntry entry) -> entry.metadata().builtAtInstant().orElse(Instant.MIN))
            .reversed()
            .thenComparing(KernelEntry::key);

    private final Path root;
    private final KernelFamily family;

    EntryReader(Path root, KernelFamily family) {
        this.root = root;
        this.family = family;
    }

    /** Every kernel directory: valid ones newest first, then corrupt ones by key. Empty without a root. */
    List<ListedEntry> list() throws IOException {
        List<KernelEntry> valid = new ArrayList<>();
        List<ListedEntry> corrupt = new ArrayList<>();
        for (String name : names()) {
            Optional<ListedEntry> entry = read(name);
            if (entry.isPresent()) {
                entry.get().fold(valid::add, corrupt::add);
            }
        }
        valid.sort(NEWEST_FIRST);
        corrupt.sort(Comparator.comparing(ListedEntry::key));
        List<ListedEntry> all = new ArrayList<>();
        valid.forEach(entry -> all.add(new ListedEntry.Valid(entry)));
        all.addAll(corrupt);
        return Collections.unmodifiableList(all);
    }

    /** The usable entry of a key; empty for none, and for a corrupt one. */
    Optional<KernelEntry> valid(String key) throws IOException {
        return read(key).flatMap(entry -> entry.fold(Optional::of, corrupt -> Optional.empty()));
    }

    /** What is under a key, which must be a plain name; empty if that is no directory. */
    Optional<ListedEntry> read(String key) throws IOException {
        Path directory = root.resolve(key);
        try {
            while (true) {
                try (Fd fd = Fd.openDirectory(directory)) {
                    ListedEntry entry = read(key, directory, fd);
                    if (entry instanceof ListedEntry.Valid || isStillNamed(directory, fd)) {
                        return Optional.of(entry);
                    }
                    // Replaced while we read: what looked damaged is the old generation on its way out.
                }
            }
        } catch (OsException failed) {
            return switch (failed.errno()) {
                case ENOENT, ENOTDIR, ELOOP -> Optional.empty();
                case EACCES ->
                    Optional.of(corrupt(
                            key, directory, ErrorKind.UNREADABLE, failed.errno().name()));
                default -> throw failed;
            };
        }
    }

    private ListedEntry read(String key, Path directory, Fd fd) throws IOException {
        byte[] file;
        try (Fd metadata = fd.openAt(KernelFamily.METADATA)) {
            file = metadata.readAll(MAX_METADATA);
        } catch (OsException failed) {
            return failed.errno() == Errno.ENOENT
                    ? new ListedEntry.Corrupt(key, directory, ErrorKind.MISSING_REASON)
                    : corrupt(
                            key, directory, ErrorKind.UNREADABLE, failed.errno().name());
        }
        KernelMetadata metadata;
        try {
            metadata = MetadataCodec.read(file);
        } catch (MetadataException unusable) {
            return new ListedEntry.Corrupt(key, directory, unusable.reason());
        }
        if (!isFile(fd, metadata.imageName())) {
            return new ListedEntry.Corrupt(key, directory, ErrorKind.imageMissing(metadata.imageName()));
        }
        boolean vmlinux = metadata.hasVmlinux() && isFile(fd, KernelFamily.VMLINUX);
        boolean modules =
                fd.statAt(KernelFamily.MODULES).filter(FileStat::isDirectory).isPresent();
        return new ListedEntry.Valid(new KernelEntry(
                key,
                directory,
                metadata,
                fd.stat(),
                vmlinux,
                isFile(fd, KernelFamily.CONFIG),
                modules ? modules(directory) : List.of()));
    }

    private static boolean isStillNamed(Path directory, Fd fd) throws IOException {
        return FileStat.of(directory).filter(fd.stat()::isSameFile).isPresent();
    }

    private static boolean isFile(Fd directory, String name) throws OsException {
        return directory.statAt(name).filter(FileStat::isRegularFile).isPresent();
    }

    /** {@code modules/NNN-<name>}: the number is the load order. */
    private static List<Path> modules(Path directory) throws IOException {
        List<Path> modules = new ArrayList<>();
        try (DirectoryStream<Path> all =
                Files.newDirectoryStream(directory.resolve(KernelFamily.MODULES), "[0-9][0-9][0-9]-*")) {
            all.forEach(modules::add);
        } catch (NoSuchFileException replacedMeanwhile) {
            return List.of();
        }
        Collections.sort(modules);
        return Collections.unmodifiableList(modules);
    }

    private List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(root)) {
            for (Path child : all) {
                String name = String.valueOf(child.getFileName());
                if (family.owns(name)) {
                    names.add(name);
                }
            }
        } catch (NoSuchFileException noRoot) {
            return names;
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return names;
    }

    private static ListedEntry corrupt(String key, Path directory, ErrorKind kind, String detail) {
        return new ListedEntry.Corrupt(key, directory, kind.prefix() + detail);
    }
}
