package dev.ktstr.cache;

import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** The cheap check of an entry: its files are there, and have the sizes that were recorded. */
final class EntrySizes {
    private EntrySizes() {}

    /** What is wrong, in one line; empty when nothing is. The original records no sizes, only that there is a vmlinux. */
    static Optional<String> problem(KernelEntry entry) {
        StoredDetails jvm = entry.metadata().jvm();
        if (jvm != null) {
            return problem(entry, jvm);
        }
        return entry.metadata().hasVmlinux() && entry.vmlinux().isEmpty()
                ? Optional.of(KernelFamily.VMLINUX + " is missing")
                : Optional.empty();
    }

    static Optional<String> problem(KernelEntry entry, StoredDetails jvm) {
        Long vmlinuxSize = jvm.vmlinuxSize();
        return problem(entry.image(), jvm.imageSize())
                .or(() -> vmlinuxSize == null
                        ? Optional.empty()
                        : problem(entry.directory().resolve(KernelFamily.VMLINUX), vmlinuxSize))
                .or(() -> missing(entry, jvm));
    }

    /** Of the rest no sizes are recorded; those that a boot needs must at least be there. */
    private static Optional<String> missing(KernelEntry entry, StoredDetails jvm) {
        return jvm.files().keySet().stream()
                .filter(path -> !path.startsWith(KernelFamily.MODULES + "/" + EntryModules.TREE + "/"))
                .filter(path -> !Files.isRegularFile(entry.directory().resolve(path), LinkOption.NOFOLLOW_LINKS))
                .findFirst()
                .map(path -> path + " is missing");
    }

    private static Optional<String> problem(Path file, long recorded) {
        try {
            long size = FileStat.of(file).map(FileStat::size).orElse(-1L);
            return size == recorded
                    ? Optional.empty()
                    : Optional.of(file.getFileName() + (size < 0 ? " is missing" : " has " + size + " bytes")
                            + ", stored were " + recorded);
        } catch (IOException unreadable) {
            return Optional.of(file.getFileName() + " cannot be examined: " + unreadable);
        }
    }
}
