package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.elf.TestVmlinux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelTreeTest {
    @TempDir
    Path directory;

    Path tree;

    @BeforeEach
    void build() throws IOException {
        tree = Files.createDirectories(directory.resolve("project/linux"));
        TestKernels.bzImage(
                Files.createDirectories(tree.resolve("arch/x86/boot")).resolve("bzImage"), TestVmlinux.BANNER);
        Files.writeString(tree.resolve("Makefile"), "# 6.12\n");
    }

    @Test
    void aCleanTreeIsKnownByItsCommit() throws Exception {
        commit(tree, "Makefile");
        assertThat(hash()).isNull(); // what is neither tracked nor ignored may have gone into it
        Files.writeString(tree.resolve(".gitignore"), ".gitignore\narch\n");
        assertThat(hash()).matches("[0-9a-f]{7}");
        Files.writeString(tree.resolve("Makefile"), "# changed\n");
        assertThat(hash()).isNull();
    }

    @Test
    void aTreeThatOnlyLiesInAnotherRepositoryHasNoCommit() throws Exception {
        Files.writeString(directory.resolve("project/README"), "");
        commit(directory.resolve("project"), "README");
        assertThat(hash()).isNull();
        assertThat(KernelTree.open(tree).source()).isEqualTo(new KernelSource.Local(tree.toString(), null));
    }

    @Test
    void whatIsThereIsTaken() throws IOException {
        assertThat(KernelTree.open(tree).vmlinux()).isEmpty();
        Path vmlinux = TestVmlinux.kernel(tree.resolve("vmlinux"));
        Files.writeString(tree.resolve(".config"), "");
        KernelTree built = KernelTree.open(tree);
        assertThat(built.vmlinux()).contains(vmlinux);
        assertThat(built.config()).contains(tree.resolve(".config"));
    }

    @Test
    void aTreeThatWasNotBuiltSaysHowToBuildIt() throws IOException {
        Files.delete(tree.resolve("arch/x86/boot/bzImage"));
        assertThatThrownBy(() -> StoreRequest.forTree(tree)).hasMessageContaining("this is no Linux source tree");
        Files.writeString(tree.resolve("Kbuild"), "");
        assertThatThrownBy(() -> StoreRequest.forTree(tree))
                .hasMessageContaining("KT-STORE-05")
                .hasMessageContaining("make -C " + tree);
        assertThatThrownBy(() -> StoreRequest.forTree(directory.resolve("absent")))
                .hasMessageContaining("there is no such directory");
    }

    private @Nullable String hash() throws IOException {
        return ((KernelSource.Local) KernelTree.open(tree).source()).gitHash();
    }

    private static void commit(Path repository, String file) throws Exception {
        git(repository, "init", "-q");
        git(repository, "add", file);
        git(repository, "-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-q", "-m", "first");
    }

    private static void git(Path repository, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git", "-C", repository.toString()));
        command.addAll(List.of(arguments));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
