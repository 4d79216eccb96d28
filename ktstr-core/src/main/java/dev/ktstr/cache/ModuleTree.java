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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** All modules of one kernel, and what each needs. */
final class ModuleTree {
    private static final int MAX_MODULES = 20_000;

    /** Of a kernel with everything as modules, what a boot needs are some dozens. */
    private static final int MOST_LOADED = 500;

    private static final int MOST_MEANT = 16;
    private static final int MOST_TEXT = 16 << 20;
    private static final int MAX_DEPTH = 32;
    private static final String ORDER = "modules.order";

    /** depmod.d(5): what somebody put there goes before what came with the kernel. */
    private static final String UPDATES = "updates/";

    private final Path top;
    private final Map<String, KernelModule> byName = new TreeMap<>();
    private final Map<String, List<KernelModule>> byNameOrAlias = new HashMap<>();

    private ModuleTree(Path top) {
        this.top = top;
    }

    /**
     * Reads every module below a directory. Symbolic links are not followed, so that {@code build} in
     * {@code /lib/modules/<release>} leads nowhere.
     *
     * @throws StoreException if a module is compressed, broken, or for another kernel
     */
    static ModuleTree read(Path directory, KernelImage image) throws IOException {
        ModuleTree tree = new ModuleTree(directory.toRealPath());
        if (isBuilt(tree.top)) {
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
    List<KernelModule> loadOrder(List<String> names, Consumer<String> warnings) throws StoreException {
        LinkedHashSet<KernelModule> order = new LinkedHashSet<>();
        for (String name : names) {
            KernelModule module = byName.get(name);
            if (module != null) {
                Set<String> missing = needs(module);
                missing.removeAll(byName.keySet());
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
    String modulesDep() throws StoreException {
        StringBuilder text = new StringBuilder();
        for (KernelModule module : byName.values()) {
            LinkedHashSet<KernelModule> order = new LinkedHashSet<>();
            loadNeeded(module, order, new HashSet<>());
            List<KernelModule> needs = new ArrayList<>(order);
            text.append(module.path()).append(':');
            for (int i = needs.size() - 2; i >= 0; i--) { // the last is the module itself
                text.append(' ').append(needs.get(i).path());
            }
            text.append('\n');
            if (text.length() > MOST_TEXT) {
                throw tooMuch();
            }
        }
        return text.toString();
    }

    /** The names of all that a module cannot be loaded without, whether there or not. */
    private Set<String> needs(KernelModule module) throws StoreException {
        LinkedHashSet<String> all = new LinkedHashSet<>();
        Deque<KernelModule> open = new ArrayDeque<>(List.of(module));
        while (!open.isEmpty()) {
            for (String name : open.pop().depends()) {
                KernelModule needed = byName.get(name);
                if (all.add(name) && needed != null) {
                    open.push(needed);
                }
            }
            if (all.size() > MOST_LOADED) {
                throw tooMuch();
            }
        }
        return all;
    }

    private void loadNeeded(KernelModule module, Set<KernelModule> order, Set<String> underWay) throws StoreException {
        if (!order.contains(module) && underWay.add(module.name())) {
            requireFew(underWay, order);
            for (String name : module.depends()) {
                KernelModule needed = byName.get(name);
                if (needed != null) {
                    loadNeeded(needed, order, underWay);
                }
            }
            order.add(module);
        }
    }

    private void load(KernelModule module, Set<KernelModule> order, Set<String> underWay) throws StoreException {
        if (order.contains(module) || !underWay.add(module.name())) {
            return;
        }
        requireFew(underWay, order);
        for (String name : module.depends()) {
            KernelModule needed = byName.get(name);
            if (needed != null) {
                load(needed, order, underWay);
            }
        }
        loadSoft(module.before(), order, underWay);
        order.add(module);
        loadSoft(module.after(), order, underWay);
    }

    /** What is not there is built in, or does without. */
    private void loadSoft(List<String> names, Set<KernelModule> order, Set<String> underWay) throws StoreException {
        for (String nameOrAlias : names) {
            for (KernelModule module : byNameOrAlias().getOrDefault(nameOrAlias, List.of())) {
                if (order.contains(module)) {
                    continue;
                }
                Set<String> needs = needs(module);
                Set<String> later = new HashSet<>(underWay);
                order.forEach(loaded -> later.remove(loaded.name()));
                // One that needs what is only to be loaded after it comes when somebody asks for it again, or not at
                // all.
                if (byName.keySet().containsAll(needs) && Collections.disjoint(needs, later)) {
                    load(module, order, underWay);
                }
            }
        }
    }

    private Map<String, List<KernelModule>> byNameOrAlias() {
        if (byNameOrAlias.isEmpty()) {
            for (KernelModule module : byName.values()) {
                Set<String> names = new TreeSet<>(module.aliases());
                names.add(module.name());
                for (String name : names) {
                    List<KernelModule> meant = byNameOrAlias.computeIfAbsent(name, absent -> new ArrayList<>());
                    if (meant.size() < MOST_MEANT) {
                        meant.add(module);
                    }
                }
            }
        }
        return byNameOrAlias;
    }

    private void requireFew(Set<String> underWay, Set<KernelModule> order) throws StoreException {
        if (underWay.size() + order.size() > MOST_LOADED) {
            throw tooMuch();
        }
    }

    private StoreException tooMuch() {
        return unusable(
                "what they say of one another leads to more than " + MOST_LOADED + " for one of them",
                top,
                "no kernel has such modules: get them from where they can be trusted, or store without: modules=none");
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
        byName.merge(module.name(), module, ModuleTree::preferred);
        if (byName.size() > MAX_MODULES) {
            throw unusable("more than " + MAX_MODULES + " modules are below it", top, "give one kernel's directory");
        }
    }

    /** Of two by one name: the same one in whatever order they are found. */
    private static KernelModule preferred(KernelModule one, KernelModule other) {
        boolean isUpdate = one.path().startsWith(UPDATES);
        if (isUpdate != other.path().startsWith(UPDATES)) {
            return isUpdate ? one : other;
        }
        return one.path().compareTo(other.path()) <= 0 ? one : other;
    }

    private static StoreException unusable(String why, Path path, String remedy) {
        return new StoreException(
                ErrorCode.INPUT_UNUSABLE, "storing a kernel: its modules cannot be read: " + why, path, remedy);
    }
}
