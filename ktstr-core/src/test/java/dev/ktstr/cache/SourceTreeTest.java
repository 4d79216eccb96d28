package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.SourceTree.State;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockTimeoutException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTreeTest {
    @TempDir
    Path directory;

    Path tree;

    @BeforeEach
    void make() throws IOException {
        directory = directory.toRealPath();
        tree = Files.createDirectories(directory.resolve("project/linux"));
        Files.writeString(tree.resolve("Makefile"), "# 6.12\n");
    }

    private State state() throws IOException {
        return SourceTree.of(tree).state();
    }

    @Test
    void whyThereCanBeNoLockIsToldWithWhatToDo() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        KernelCache cache = KernelCache.at(file.resolve("kernels"));
        assertThatThrownBy(() -> cache.sourceLock(SourceTree.of(tree)))
                .isInstanceOf(EntryException.class)
                .hasMessageContaining("fix");
        assertThatThrownBy(() -> cache.requireFree("k"))
                .isInstanceOf(EntryException.class)
                .hasMessageContaining("fix");
    }

    @Test
    void gitTellsWhatIsInIt() throws Exception {
        assertThat(state()).isEqualTo(new State.NotGit());
        git("init", "-q");
        assertThat(state()).isInstanceOf(State.Unreadable.class); // there is no commit yet
        git("add", "-A");
        git("-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-q", "-m", "first");
        State.Clean clean = (State.Clean) state();
        assertThat(clean.commit().hash())
                .matches("[0-9a-f]{40}")
                .startsWith(clean.commit().shortHash());
        assertThat(clean.commit().shortHash()).hasSize(7);

        Files.writeString(tree.resolve(".git/info/exclude"), "*.o\n");
        Files.writeString(tree.resolve("main.o"), "");
        assertThat(state()).isEqualTo(clean);
        Path unknown = Files.writeString(tree.resolve("localversion-mine"), "-mine\n"); // make would take it in
        assertThat(state()).isEqualTo(new State.Dirty(clean.commit()));
        Files.delete(unknown);
        assertThat(state()).isEqualTo(clean);
        Files.writeString(tree.resolve("Makefile"), "# changed\n");
        assertThat(state()).isEqualTo(new State.Dirty(clean.commit()));
    }

    @Test
    void aDirectoryOfSomebodysRepositoryIsNoRepositoryOfItsOwn() throws Exception {
        git("init", "-q", directory.resolve("project").toString());
        assertThat(state())
                .isEqualTo(new State.Inside(directory.resolve("project").toString()));
    }

    @Test
    void aBrokenRepositoryIsNotTakenForNone() throws Exception {
        git("init", "-q");
        Files.writeString(tree.resolve(".git/HEAD"), "nothing\n");
        assertThat(state()).isInstanceOf(State.Unreadable.class);
        assertThat(((State.Unreadable) state()).why()).isNotBlank();
    }

    @Test
    void aLinkIsTheTreeItLeadsTo() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), tree);
        assertThat(SourceTree.of(link).path()).isEqualTo(tree);
        assertThatThrownBy(() -> SourceTree.of(directory.resolve("absent")))
                .hasMessageContaining("there is no such directory");
    }

    @Test
    void itsLockIsTheOneOfTheOriginal() throws Exception {
        CRC32 crc = new CRC32();
        crc.update(tree.toString().getBytes(StandardCharsets.UTF_8));
        KernelCache cache = KernelCache.at(directory.resolve("kernels"));
        Path file = cache.sourceLock(SourceTree.of(tree)).lockFile();
        assertThat(file)
                .isEqualTo(cache.root().resolve(".locks/source-" + String.format("%08x", crc.getValue()) + ".lock"));
    }

    @Test
    void whoHoldsItIsNamed() throws Exception {
        KernelCache cache = KernelCache.at(directory.resolve("kernels"));
        SourceTree source = SourceTree.of(tree);
        try (LockGuard held = cache.sourceLock(source).acquire(FlockMode.EXCLUSIVE)) {
            Throwable refused = CompletableFuture.supplyAsync(() -> {
                        try (LockGuard other =
                                cache.sourceLock(source).acquire(FlockMode.SHARED, Duration.ofMillis(10))) {
                            return new IllegalStateException("granted " + (other != null));
                        } catch (IOException expected) {
                            return expected;
                        }
                    })
                    .join();
            assertThat(held).isNotNull();
            assertThat(refused)
                    .isInstanceOf(LockTimeoutException.class)
                    .hasMessageContaining("source tree " + tree)
                    .hasMessageContaining("pid=" + ProcessHandle.current().pid())
                    .hasMessageContaining("git worktree add");
        }
    }

    private void git(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git", "-C", tree.toString()));
        command.addAll(List.of(arguments));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
