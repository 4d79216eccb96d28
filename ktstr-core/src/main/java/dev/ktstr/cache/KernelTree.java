package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A built kernel source tree: where its products are, and which commit it stands at. */
record KernelTree(Path path, Path image, Optional<Path> vmlinux, Optional<Path> config) {
    private static final List<String> IMAGES = List.of("arch/x86/boot/bzImage", "arch/arm64/boot/Image");

    /** @throws StoreException if nothing has been built there */
    static KernelTree open(Path tree) throws StoreException {
        Path top = tree.toAbsolutePath().normalize();
        if (!Files.isDirectory(top)) {
            throw new StoreException(
                    ErrorCode.TREE_NOT_BUILT,
                    "storing a kernel tree: there is no such directory",
                    top,
                    "give the directory of the built tree");
        }
        for (String image : IMAGES) {
            if (Files.isRegularFile(top.resolve(image))) {
                return new KernelTree(top, top.resolve(image), file(top, "vmlinux"), file(top, ".config"));
            }
        }
        throw new StoreException(
                ErrorCode.TREE_NOT_BUILT,
                "storing a kernel tree: it has neither " + String.join(" nor ", IMAGES),
                top,
                Files.isRegularFile(top.resolve("Kbuild"))
                        ? "build it first: make -C " + top + " -j$(nproc)"
                        : "this is no Linux source tree: give the directory that has Kbuild and Makefile in it");
    }

    /** Where its modules are, if some have been built. */
    Optional<Path> modulesDir() {
        return Optional.of(path).filter(ModuleTree::isBuilt);
    }

    KernelSource source() throws IOException {
        return new KernelSource.Local(
                path.toString(), SourceTree.of(path).cleanCommit().orElse(null));
    }

    private static Optional<Path> file(Path tree, String name) {
        return Optional.of(tree.resolve(name)).filter(Files::isRegularFile);
    }
}
