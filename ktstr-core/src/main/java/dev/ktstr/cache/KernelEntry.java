package dev.ktstr.cache;

import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * One stored kernel, as it was when it was looked up. The paths stay what they are only under a {@link KernelLease}:
 * without one the entry may be replaced or removed at any moment. Immutable.
 */
public final class KernelEntry {
    private final String key;
    private final Path directory;
    private final KernelMetadata metadata;
    private final FileStat identity;
    private final FileStat imageStat;
    private final @Nullable FileStat vmlinux;
    private final @Nullable FileStat config;
    private final SortedMap<Path, FileStat> modules;

    /**
     * @param identity of the directory
     * @param vmlinux null without one
     * @param config null without one
     * @param modules in their order
     */
    KernelEntry(
            String key,
            Path directory,
            KernelMetadata metadata,
            FileStat identity,
            FileStat imageStat,
            @Nullable FileStat vmlinux,
            @Nullable FileStat config,
            SortedMap<Path, FileStat> modules) {
        this.key = key;
        this.directory = directory;
        this.metadata = metadata;
        this.identity = identity;
        this.imageStat = imageStat;
        this.vmlinux = vmlinux;
        this.config = config;
        this.modules = modules;
    }

    public String key() {
        return key;
    }

    public Path directory() {
        return directory;
    }

    /** The boot image. */
    public Path image() {
        return directory.resolve(metadata.imageName());
    }

    /** Symbols and BTF; empty for a kernel that was stored without. */
    public Optional<Path> vmlinux() {
        return vmlinux != null ? Optional.of(directory.resolve(KernelFamily.VMLINUX)) : Optional.empty();
    }

    /** The kernel's {@code .config}; empty for a kernel that was stored without. */
    public Optional<Path> config() {
        return config != null ? Optional.of(directory.resolve(KernelFamily.CONFIG)) : Optional.empty();
    }

    /** The modules to load, in this order; often none. */
    public List<Path> modules() {
        return List.copyOf(modules.keySet());
    }

    public KernelMetadata metadata() {
        return metadata;
    }

    /**
     * The tree this kernel was built in, if its {@code vmlinux} there is still the one that was stored: same size, same
     * modification time in whole seconds. That one has the debugging information which the stored one lacks.
     */
    public Optional<Path> sourceTreeForDwarf() {
        Long size = metadata.sourceVmlinuxSize();
        Long modified = metadata.sourceVmlinuxMtimeSecs();
        if (size == null || modified == null) {
            return Optional.empty();
        }
        return recordedSourceTree().filter(tree -> isRecorded(tree.resolve(KernelFamily.VMLINUX), size, modified));
    }

    /** The tree this kernel was built in, as recorded; it may be gone. */
    public Optional<Path> recordedSourceTree() {
        try {
            return metadata.source() instanceof KernelSource.Local local ? local.sourceTree() : Optional.empty();
        } catch (InvalidPathException notAPath) {
            return Optional.empty();
        }
    }

    /** Whether nothing was published between the two lookups: inodes alone are used again. */
    boolean isSameGeneration(KernelEntry other) {
        return identity.isSameFile(other.identity) && metadata.equals(other.metadata);
    }

    /** Whether its files, too, are those that they were: of the same inodes and sizes. The tree of modules is not looked at. */
    boolean hasSameFiles(KernelEntry other) {
        return isSame(imageStat, other.imageStat)
                && isSame(vmlinux, other.vmlinux)
                && isSame(config, other.config)
                && modules.keySet().equals(other.modules.keySet())
                && modules.keySet().stream().allMatch(path -> isSame(modules.get(path), other.modules.get(path)));
    }

    private static boolean isSame(@Nullable FileStat now, @Nullable FileStat before) {
        if (now == null || before == null) {
            return Objects.equals(now, before);
        }
        return now.isSameFile(before) && now.size() == before.size();
    }

    FileStat identity() {
        return identity;
    }

    @Override
    public String toString() {
        return key;
    }

    private static boolean isRecorded(Path vmlinux, long size, long modified) {
        try {
            FileStat stat = FileStat.of(vmlinux).orElse(null);
            return stat != null
                    && Files.isRegularFile(vmlinux)
                    && stat.size() == size
                    && stat.modifiedSeconds() == modified;
        } catch (IOException unreachable) {
            return false;
        }
    }
}
