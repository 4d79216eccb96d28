package dev.ktstr.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.os.Errno;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreesTest {
    private static final int FILES = 200;
    private static final int ROUNDS = 30;

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
        AtomicBoolean isOver = new AtomicBoolean();
        Path top = directory.resolve("top");
        Thread swapping = new Thread(() -> {
            while (!isOver.get()) {
                try {
                    Filesystems.exchange(top.resolve("inside"), top.resolve("link"));
                } catch (IOException removed) {
                    Thread.onSpinWait();
                }
            }
        });
        swapping.start();
        try {
            for (int i = 0; i < ROUNDS; i++) {
                Files.createDirectories(top);
                filled("top/inside");
                Files.createSymbolicLink(top.resolve("link"), elsewhere);
                while (Files.exists(top)) {
                    try {
                        FileTrees.delete(top);
                    } catch (FileSystemException swapped) {
                        assertThat(swapped.getFile()).startsWith(top.toString());
                    }
                }
            }
        } finally {
            isOver.set(true);
            swapping.join();
        }
        assertThat(count(elsewhere)).isEqualTo(FILES);
    }

    @Test
    void whatCannotBeLookedAtIsNotTakenForAbsent() throws IOException {
        Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));

        assertThatThrownBy(() -> FileTrees.create(loop.resolve("new")))
                .isInstanceOfSatisfying(
                        OsException.class,
                        failure -> assertThat(failure.errno()).isEqualTo(Errno.ELOOP));
    }

    /** Of a directory that is open already the JDK does not say which. */
    @Test
    void aFailureWithoutANameIsLocated() {
        assertThatThrownBy(() -> FileTrees.walk(directory, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes)
                            throws IOException {
                        throw new IOException("Input/output error");
                    }
                }))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(directory + ": Input/output error");
    }

    @Test
    void whatCannotBeRemovedIsNamed() throws IOException {
        // Also root cannot remove what is there for the kernel only.
        Path proc = Path.of("/proc/self/status");
        assertThatThrownBy(() -> FileTrees.delete(proc))
                .isInstanceOf(FileSystemException.class)
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
