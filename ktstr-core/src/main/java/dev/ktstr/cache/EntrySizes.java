package dev.ktstr.cache;

import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The cheap check of an entry: its files are there, and have the sizes that were recorded, as far as they were. */
final class EntrySizes {
    private static final String SUM_OF_NOTHING = Checksums.sha256(new byte[0]);

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
                .or(() -> problemOfTheRest(entry, jvm));
    }

    /** Only checksums are recorded; what a boot needs must at least be there, and not be empty unless it was stored so. */
    private static Optional<String> problemOfTheRest(KernelEntry entry, StoredDetails jvm) {
        for (Map.Entry<String, String> file : jvm.files().entrySet()) {
            String name = file.getKey();
            if (!name.startsWith(KernelFamily.MODULES + "/" + EntryModules.TREE + "/")) {
                Path path = entry.directory().resolve(name);
                try {
                    long size = size(path);
                    if (size < 0 || (size == 0 && !file.getValue().equals(SUM_OF_NOTHING))) {
                        return Optional.of(name + (size < 0 ? " is missing" : " is empty"));
                    }
                } catch (IOException unreadable) {
                    return Optional.of(name + " cannot be examined: " + FileFailures.describe(unreadable));
                }
            }
        }
        return Optional.empty();
    }

    /** Negative for what is no file, a link to one included. */
    private static long size(Path file) throws IOException {
        return FileStat.ofLink(file)
                .filter(FileStat::isRegularFile)
                .map(FileStat::size)
                .orElse(-1L);
    }

    private static Optional<String> problem(Path file, long recorded) {
        try {
            long size = size(file);
            return size == recorded
                    ? Optional.empty()
                    : Optional.of(file.getFileName() + (size < 0 ? " is missing" : " has " + size + " bytes")
                            + ", stored were " + recorded);
        } catch (IOException unreadable) {
            return Optional.of(file.getFileName() + " cannot be examined: " + FileFailures.describe(unreadable));
        }
    }
}
