package dev.ktstr.cache;

import dev.ktstr.os.Directories;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.NativeAccessException;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Reads entries without a lock. Everything about one entry is read through one descriptor of its directory, so that a
 * replacement in between cannot mix two generations.
 */
final class EntryReader {
    /** Far more than any metadata; a file of another kind under that name must not fill the memory. */
    static final int MAX_METADATA = 16 << 20;

    private static final Pattern MODULE = Pattern.compile("[0-9]{3}-.+");

    /** With its time read once, however often a sort compares it. */
    private record Dated(KernelEntry entry, Instant builtAt) {
        static final Comparator<Dated> NEWEST_FIRST =
                Comparator.comparing(Dated::builtAt).reversed().thenComparing(dated -> dated.entry.key());

        static Dated of(KernelEntry entry) {
            return new Dated(entry, entry.metadata().builtAtInstant().orElse(Instant.MIN));
        }
    }

    private final Path root;
    private final KernelFamily family;

    EntryReader(Path root, KernelFamily family) {
        this.root = root;
        this.family = family;
    }

    /** Every kernel directory: valid ones newest first, then corrupt ones by key. Empty without a root. */
    List<ListedEntry> list() throws IOException {
        List<Dated> valid = new ArrayList<>();
        List<ListedEntry> corrupt = new ArrayList<>();
        for (String name : names()) {
            Optional<ListedEntry> entry = read(name);
            if (entry.isPresent()) {
                entry.get().fold(usable -> valid.add(Dated.of(usable)), corrupt::add);
            }
        }
        valid.sort(Dated.NEWEST_FIRST);
        corrupt.sort(Comparator.comparing(ListedEntry::key));
        List<ListedEntry> all = new ArrayList<>();
        valid.forEach(dated -> all.add(new ListedEntry.Valid(dated.entry)));
        all.addAll(corrupt);
        return Collections.unmodifiableList(all);
    }

    /** The usable entry of a key; empty for none, and for a corrupt one. */
    Optional<KernelEntry> valid(String key) throws IOException {
        return read(key).flatMap(entry -> entry.fold(Optional::of, corrupt -> Optional.empty()));
    }

    /**
     * What is under a key, which must be a plain name; empty if that is no directory. What is wrong with one entry makes
     * that entry corrupt; only what is wrong with this process or the whole root is thrown.
     */
    Optional<ListedEntry> read(String key) throws IOException {
        Path directory = root.resolve(key);
        while (true) {
            try (Fd fd = Fd.openDirectory(directory)) {
                ListedEntry entry = read(key, directory, fd);
                if (entry instanceof ListedEntry.Valid || isStillNamed(directory, fd)) {
                    return Optional.of(entry);
                }
                // Replaced while we read: what looked damaged is the old generation on its way out.
            } catch (OsException failed) {
                return switch (failed.errno()) {
                    case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG -> Optional.empty();
                    default -> Optional.of(unreadable(key, directory, failed));
                };
            }
        }
    }

    private static ListedEntry read(String key, Path directory, Fd fd) throws OsException {
        KernelMetadata metadata;
        try (Fd file = fd.openAt(KernelFamily.METADATA)) {
            metadata = MetadataCodec.read(file.readAll(MAX_METADATA));
        } catch (MetadataException unusable) {
            return new ListedEntry.Corrupt(key, directory, unusable.reason());
        } catch (OsException failed) {
            return failed.errno() == Errno.ENOENT
                    ? new ListedEntry.Corrupt(key, directory, ErrorKind.MISSING_REASON)
                    : unreadable(key, directory, failed);
        }
        try {
            Optional<FileStat> image = file(fd, metadata.imageName());
            if (image.isEmpty()) {
                return new ListedEntry.Corrupt(key, directory, ErrorKind.imageMissing(metadata.imageName()));
            }
            return new ListedEntry.Valid(new KernelEntry(
                    key,
                    directory,
                    metadata,
                    fd.stat(),
                    image.get(),
                    metadata.hasVmlinux() ? file(fd, KernelFamily.VMLINUX).orElse(null) : null,
                    file(fd, KernelFamily.CONFIG).orElse(null),
                    modules(directory, fd)));
        } catch (OsException failed) {
            return unreadable(key, directory, failed);
        }
    }

    private static boolean isStillNamed(Path directory, Fd fd) throws OsException, NativeAccessException {
        return FileStat.of(directory).filter(fd.stat()::isSameFile).isPresent();
    }

    private static Optional<FileStat> file(Fd directory, String name) throws OsException {
        return directory.statAt(name).filter(FileStat::isRegularFile);
    }

    /** {@code modules/NNN-<name>}: the number is the load order. */
    private static SortedMap<Path, FileStat> modules(Path directory, Fd fd) throws OsException {
        SortedMap<Path, FileStat> modules = new TreeMap<>();
        if (fd.statAt(KernelFamily.MODULES).filter(FileStat::isDirectory).isEmpty()) {
            return modules;
        }
        Optional<Fd> opened = fd.openDirectoryAt(KernelFamily.MODULES);
        if (opened.isEmpty()) {
            return modules; // removed since
        }
        try (Fd inside = opened.get()) {
            for (Path each : Directories.names(inside)) {
                String name = each.toString();
                if (MODULE.matcher(name).matches()) {
                    inside.statAt(name)
                            .ifPresent(stat -> modules.put(
                                    directory.resolve(KernelFamily.MODULES).resolve(name), stat));
                }
            }
        }
        return modules;
    }

    /** @throws OsException instead, if the failure says nothing of the entry but that this process is short of something */
    private static ListedEntry unreadable(String key, Path directory, OsException failed) throws OsException {
        return switch (failed.errno()) {
            case EMFILE, ENFILE, ENOMEM -> throw failed;
            default ->
                new ListedEntry.Corrupt(
                        key, directory, ErrorKind.UNREADABLE.prefix() + failed.errno() + " (" + failed.problem() + ")");
        };
    }

    private List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try {
            for (Path child : Directories.children(root)) {
                String name = String.valueOf(child.getFileName());
                if (family.owns(name)) {
                    names.add(name);
                }
            }
        } catch (OsException failed) {
            throw failed.errno() == Errno.ENOTDIR
                    ? KernelCache.notADirectory(root)
                    : new EntryException(
                            failed.code(), "reading the kernel cache: " + failed.problem(), root, failed.remedy());
        }
        return names;
    }
}
