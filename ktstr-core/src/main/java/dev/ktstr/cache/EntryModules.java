package dev.ktstr.cache;

import dev.ktstr.os.FileCopy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The modules that an entry gets: those to load at boot, in their order, and perhaps all of them as a tree. */
final class EntryModules {
    /** Where {@code modules/} of an entry has the tree. */
    static final String TREE = "tree";

    /**
     * What a virtual machine needs: virtio and the disks on it, the console that carries a command's output, the file
     * systems, and what a host shares with its guest. Everything else comes in because one of these depends on it.
     */
    private static final List<String> BOOT = List.of(
            "virtio_pci",
            "virtio_mmio",
            "virtio_blk",
            "virtio_scsi",
            "sd_mod",
            "virtio_console",
            "loop",
            "ext4",
            "xfs",
            "btrfs",
            "overlay",
            "virtiofs",
            "vmw_vsock_virtio_transport");

    /** What depmod and modprobe read beside the modules, where it is there. */
    private static final List<String> INDEXES = List.of("modules.order", "modules.builtin", "modules.builtin.modinfo");

    private final List<KernelModule> boot;
    private final List<KernelModule> all;
    private final ModuleTree tree;

    private EntryModules(List<KernelModule> boot, List<KernelModule> all, ModuleTree tree) {
        this.boot = boot;
        this.all = all;
        this.tree = tree;
    }

    /**
     * Chooses from what is below a directory; writes nothing yet.
     *
     * @param choice not {@link Modules#NONE}
     */
    static EntryModules choose(ModuleTree tree, Modules choice, Consumer<String> warnings) throws StoreException {
        List<KernelModule> all = choice == Modules.ALL ? tree.all() : List.of();
        return new EntryModules(tree.loadOrder(BOOT, warnings), all, tree);
    }

    /**
     * Copies them into an entry that is being written.
     *
     * @return what was written, by path below the entry, with its SHA-256
     */
    SortedMap<String, String> writeTo(Path entry) throws IOException {
        List<String> written = new ArrayList<>();
        for (int i = 0; i < boot.size(); i++) {
            Path file = boot.get(i).file();
            String name = String.format(Locale.ROOT, "%03d-%s", i, file.getFileName());
            written.add(copy(file, entry, KernelFamily.MODULES + "/" + name));
        }
        String top = KernelFamily.MODULES + "/" + TREE + "/";
        for (KernelModule module : all) {
            written.add(copy(module.file(), entry, top + module.path()));
        }
        if (!all.isEmpty()) {
            for (String index : INDEXES) {
                if (Files.isRegularFile(tree.top().resolve(index))) {
                    written.add(copy(tree.top().resolve(index), entry, top + index));
                }
            }
            Files.writeString(
                    entry.resolve(top + "modules.dep"),
                    tree.modulesDep(),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
            written.add(top + "modules.dep");
        }
        SortedMap<String, String> sums = new TreeMap<>();
        for (String path : written) {
            sums.put(path, Written.sha256(entry.resolve(path)));
        }
        return sums;
    }

    private static String copy(Path file, Path entry, String path) throws IOException {
        Path target = entry.resolve(path);
        Files.createDirectories(target.resolveSibling("."));
        FileCopy.copy(file, target);
        return path;
    }
}
