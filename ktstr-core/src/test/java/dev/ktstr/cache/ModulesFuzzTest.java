package dev.ktstr.cache;

import dev.ktstr.FuzzTarget;
import dev.ktstr.elf.TestVmlinux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What modules say of themselves and of one another: {@code .modinfo}, and what follows from it. */
public final class ModulesFuzzTest extends FuzzTarget {
    private static final Path SCRATCH = scratch();
    private static final List<String> NAMES = List.of("virtio_pci", "virtio", "virtio-ring", "ext4", "jbd2", "crc32c");
    private static final KernelImage IMAGE = new KernelImage("x86_64", "bzImage", "6.14.2", "", false);

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            String[] modules = new String(input, StandardCharsets.UTF_8).split("\f", -1);
            for (int i = 0; i < NAMES.size(); i++) {
                Path module = scratchFile(SCRATCH, NAMES.get(i) + ".ko");
                if (i < modules.length) {
                    TestVmlinux.module(module, modules[i].split("\n", -1));
                } else {
                    Files.deleteIfExists(module);
                }
            }
            use();
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }

    private static void use() throws IOException {
        ModuleTree tree = ModuleTree.read(SCRATCH, IMAGE);
        List<String> warnings = new ArrayList<>();
        try {
            List<KernelModule> order = tree.loadOrder(List.of("virtio_pci", "ext4"), warnings::add);
            Set<String> loaded = new HashSet<>();
            order.forEach(module -> check(loaded.add(module.name()), "nothing is loaded twice"));
            for (KernelModule module : order) {
                check(loaded.containsAll(module.depends()), "with a module comes what it needs");
            }
            check(tree.modulesDep().lines().count() == tree.all().size(), "each module has a line");
        } catch (StoreException tooMuch) {
            check(tooMuch.problem().contains("more than"), "it is refused for what it is");
        }
    }
}
