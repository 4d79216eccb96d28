package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        return new KernelSource.Local(path.toString(), commit().orElse(null));
    }

    /**
     * The short hash of the commit; empty when the tree is not git, has changes, or git cannot tell. A tree that merely
     * lies in somebody's repository is not git.
     */
    private Optional<String> commit() throws IOException {
        boolean isTopOfClean =
                git("rev-parse", "--show-prefix").filter(String::isEmpty).isPresent()
                        && git("status", "--porcelain", "--untracked-files=no")
                                .filter(String::isEmpty)
                                .isPresent();
        return isTopOfClean ? git("rev-parse", "--short=7", "HEAD") : Optional.empty();
    }

    private Optional<String> git(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("git", "--no-optional-locks", "-C", path.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        // Set for hooks, and then they name the repository of the hook.
        builder.environment().keySet().removeIf(name -> name.startsWith("GIT_"));
        Process git;
        try {
            git = builder.start();
        } catch (IOException noGit) {
            return Optional.empty();
        }
        git.getOutputStream().close();
        try (InputStream output = git.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? Optional.of(text) : Optional.empty();
        } catch (InterruptedException interrupted) {
            git.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while git looked at " + path);
        }
    }

    private static Optional<Path> file(Path tree, String name) {
        return Optional.of(tree.resolve(name)).filter(Files::isRegularFile);
    }
}
