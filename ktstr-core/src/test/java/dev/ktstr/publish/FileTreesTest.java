package dev.ktstr.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.os.Errno;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FileTreesTest {
    private static final int FILES = 50;
    private static final int ROUNDS = 50;

    @TempDir
    private Path directory;

    @Test
    void removesEverythingAndFollowsNothing() throws IOException {
        Path elsewhere = filled("elsewhere");
        Path top = filled("top");
        Files.createDirectories(top.resolve("a/b/c"));
        Files.writeString(top.resolve("a/b/file"), "");
        Files.createSymbolicLink(top.resolve("a/link"), elsewhere);
        Files.createSymbolicLink(top.resolve("a/dangling"), directory.resolve("nothing"));

        FileTrees.delete(top);
        FileTrees.delete(top);
        FileTrees.delete(Files.createSymbolicLink(top, elsewhere));
        FileTrees.delete(Files.writeString(top, "a file"));

        assertThat(top).doesNotExist();
        assertThat(count(elsewhere)).isEqualTo(FILES);
    }

    /** Who may write to what is being removed puts a link in a directory's place, again and again. */
    @Test
    void aLinkThatTakesTheirPlaceMeanwhileLeadsNowhere() throws Exception {
        Path elsewhere = filled("elsewhere");

        removeWhatIsSwapped(ROUNDS, other -> Files.createSymbolicLink(other, elsewhere));

        assertThat(count(elsewhere)).isEqualTo(FILES);
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPipeThatTakesTheirPlaceMeanwhileIsNotWaitedFor() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        removeWhatIsSwapped(4 * ROUNDS, other -> Files.createLink(other, pipe));
    }

    private interface Maker {
        void make(Path path) throws IOException;
    }

    /** Removes directories in which a directory and something else exchange their names all the time. */
    private void removeWhatIsSwapped(int rounds, Maker maker) throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        Path top = directory.resolve("top");
        Thread swapping = new Thread(() -> {
            while (!isOver.get()) {
                try {
                    Filesystems.exchange(top.resolve("inside"), top.resolve("other"));
                } catch (IOException removed) {
                    Thread.onSpinWait();
                }
            }
        });
        swapping.start();
        try {
            for (int i = 0; i < rounds; i++) {
                Files.createDirectories(top);
                filled("top/inside");
                maker.make(top.resolve("other"));
                while (Files.exists(top)) {
                    try {
                        FileTrees.delete(top);
                    } catch (IOException swapped) {
                        assertThat(swapped).hasMessageContaining(top.toString());
                    }
                }
            }
        } finally {
            isOver.set(true);
            swapping.join();
        }
    }

    /** As deep as a path can be long. */
    @Test
    void theDeepestTreeGoes() throws IOException {
        Path top = directory.resolve("top");
        int levels = (4000 - top.toString().length()) / 2;
        Files.createDirectories(top.resolve("d/".repeat(levels)));

        FileTrees.delete(top);

        assertThat(top).doesNotExist();
    }

    @Test
    void whatCannotBeLookedAtIsNotTakenForAbsent() throws IOException {
        Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));

        assertThatThrownBy(() -> FileTrees.create(loop.resolve("new")))
                .isInstanceOfSatisfying(
                        OsException.class,
                        failure -> assertThat(failure.errno()).isEqualTo(Errno.ELOOP));
    }

    @Test
    void whatCannotBeRemovedIsNamed() throws IOException {
        // Also root cannot remove what is there for the kernel only.
        Path proc = Path.of("/proc/self/status");
        assertThatThrownBy(() -> FileTrees.delete(proc))
                .isInstanceOf(OsException.class)
                .hasMessageContaining(proc.toString());
    }

    /** Files by the same names in every directory: whoever is led astray finds there what it looks for. */
    private Path filled(String name) throws IOException {
        Path made = Files.createDirectories(directory.resolve(name));
        for (int i = 0; i < FILES; i++) {
            Files.createFile(made.resolve("file-" + i));
        }
        return made;
    }

    private static long count(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.count();
        }
    }
}
