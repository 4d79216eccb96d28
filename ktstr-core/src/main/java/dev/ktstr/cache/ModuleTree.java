package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.elf.MalformedElfException;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** All modules of one kernel, and what each needs. */
final class ModuleTree {
    private static final int MAX_MODULES = 50_000;
    private static final int MAX_DEPTH = 32;
    private static final String ORDER = "modules.order";

    /** depmod.d(5): what somebody put there goes before what came with the kernel. */
    private static final String UPDATES = "updates/";

    private final Path top;
    private final Map<String, KernelModule> byName = new TreeMap<>();

    private ModuleTree(Path top) {
        this.top = top;
    }

    /**
     * Reads every module below a directory. Symbolic links are not followed, so that {@code build} in
     * {@code /lib/modules/<release>} leads nowhere.
     *
     * @throws StoreException if a module is compressed, broken, or for another kernel
     */
    static ModuleTree read(Path top, KernelImage image) throws IOException {
        ModuleTree tree = new ModuleTree(top);
        if (isBuilt(top)) {
            tree.readBuilt(image);
        } else {
            tree.readInstalled(image);
        }
        return tree;
    }

    /** Whether a directory is a kernel source tree in which modules have been built. */
    static boolean isBuilt(Path directory) {
        return Files.isRegularFile(directory.resolve(ORDER)) && Files.isRegularFile(directory.resolve("Kbuild"));
    }

    Path top() {
        return top;
    }

    /** All of them, by name. */
    List<KernelModule> all() {
        return List.copyOf(byName.values());
    }

    /**
     * Those of some modules that there are, with everything they need, in an order in which they can be loaded.
     *
     * @param warnings told of each that is left out, because something it needs is not there
     */
    List<KernelModule> loadOrder(List<String> names, Consumer<String> warnings) {
        LinkedHashSet<KernelModule> order = new LinkedHashSet<>();
        for (String name : names) {
            KernelModule module = byName.get(name);
            if (module != null) {
                Set<String> missing = missing(module, new HashSet<>());
                if (missing.isEmpty()) {
                    load(module, order, new HashSet<>());
                } else {
                    warnings.accept("module " + name + " is left out, because it needs " + String.join(", ", missing)
                            + ", which is not in " + top);
                }
            }
        }
        return List.copyOf(order);
    }

    /** As depmod(8) writes it: each module, and everything it needs, what is to be loaded first last. */
    String modulesDep() {
        StringBuilder text = new StringBuilder();
        for (KernelModule module : byName.values()) {
            text.append(module.path()).append(':');
            List<KernelModule> needs = new ArrayList<>();
            addNeeds(module, needs, new HashSet<>(Set.of(module.name())));
            for (int i = needs.size() - 1; i >= 0; i--) {
                text.append(' ').append(needs.get(i).path());
            }
            text.append('\n');
        }
        return text.toString();
    }

    private void addNeeds(KernelModule module, List<KernelModule> needs, Set<String> seen) {
        for (String name : module.depends()) {
            KernelModule needed = byName.get(name);
            if (needed != null && seen.add(name)) {
                addNeeds(needed, needs, seen);
                needs.add(needed);
            }
        }
    }

    private Set<String> missing(KernelModule module, Set<String> seen) {
        Set<String> missing = new LinkedHashSet<>();
        for (String name : module.depends()) {
            KernelModule needed = byName.get(name);
            if (needed == null) {
                missing.add(name);
            } else if (seen.add(name)) {
                missing.addAll(missing(needed, seen));
            }
        }
        return missing;
    }

    private void load(KernelModule module, Set<KernelModule> order, Set<String> underWay) {
        if (order.contains(module) || !underWay.add(module.name())) {
            return;
        }
        for (String name : module.depends()) {
            KernelModule needed = byName.get(name);
            if (needed != null) {
                load(needed, order, underWay);
            }
        }
        module.before().forEach(name -> loadSoft(name, order, underWay));
        order.add(module);
        module.after().forEach(name -> loadSoft(name, order, underWay));
    }

    /** What is not there is built in, or does without. */
    private void loadSoft(String nameOrAlias, Set<KernelModule> order, Set<String> underWay) {
        for (KernelModule module : byName.values()) {
            boolean isMeant =
                    module.name().equals(nameOrAlias) || module.aliases().contains(nameOrAlias);
            if (isMeant && missing(module, new HashSet<>()).isEmpty()) {
                load(module, order, underWay);
            }
        }
    }

    /** {@code modules.order} names what was built; looking for it would take long in a tree of 80,000 files. */
    private void readBuilt(KernelImage image) throws IOException {
        for (String line : Files.readAllLines(top.resolve(ORDER))) {
            // Up to Linux 5.3 with "kernel/" in front, from 6.2 on the object file instead of the module.
            String path = line.strip().replaceFirst("^kernel/", "").replaceFirst("\\.o$", KernelModule.SUFFIX);
            Path file = top.resolve(path).normalize();
            if (path.endsWith(KernelModule.SUFFIX) && file.startsWith(top) && Files.isRegularFile(file)) {
                add(file, "kernel/" + path, image);
            }
        }
    }

    private void readInstalled(KernelImage image) throws IOException {
        Files.walkFileTree(top, Set.<FileVisitOption>of(), MAX_DEPTH, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String path = top.relativize(file).toString();
                if (attributes.isRegularFile() && path.endsWith(KernelModule.SUFFIX)) {
                    add(file, path, image);
                } else if (attributes.isRegularFile() && path.matches(".*\\.ko\\.(gz|xz|zst)")) {
                    throw unusable(
                            "it is compressed",
                            file,
                            "decompress the modules into a directory of their own first (the Maven goal"
                                    + " kernel-store does that by itself), or store without: modules=none");
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void add(Path file, String path, KernelImage image) throws IOException {
        KernelModule module;
        try {
            module = KernelModule.read(file, path);
        } catch (MalformedElfException broken) {
            throw unusable(broken.problem(), file, "build or install the modules again, or remove this one");
        }
        String release = module.release().orElse(image.release());
        if (image.isRecognised() && !release.equals(image.release())) {
            throw new StoreException(
                    ErrorCode.INPUT_DISAGREES,
                    "storing a kernel: the boot image is " + image.release() + ", but this module is for " + release,
                    file,
                    "give the modules of the same build, such as /lib/modules/" + image.release());
        }
        KernelModule other = byName.get(module.name());
        if (other == null || path.startsWith(UPDATES)) {
            byName.put(module.name(), module);
        }
        if (byName.size() > MAX_MODULES) {
            throw unusable("more than " + MAX_MODULES + " modules are below it", top, "give one kernel's directory");
        }
    }

    private static StoreException unusable(String why, Path path, String remedy) {
        return new StoreException(
                ErrorCode.INPUT_UNUSABLE, "storing a kernel: its modules cannot be read: " + why, path, remedy);
    }
}
