package dev.ktstr.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoriesTest {
    @TempDir
    Path directory;

    @Test
    void whatHasBeenRemovedHasNothingInIt() throws Exception {
        Path gone = Files.createDirectory(directory.resolve("gone"));
        try (Fd open = Fd.openDirectory(gone)) {
            Files.delete(gone);

            assertThat(Directories.names(open)).isEmpty();
        }
    }

    @Test
    void aDirectoryIsListedByTheBytesOfItsNames() throws Exception {
        Path inside = Files.createDirectory(directory.resolve("inside"));
        Path odd = Path.of(URI.create(inside.toUri() + "%C3%A9%FF%0A"));
        Files.createFile(odd);
        for (int i = 0; i < 2000; i++) {
            Files.createFile(inside.resolve("a-name-that-takes-some-room-" + i));
        }
        assertThat(Directories.children(inside))
                .hasSize(2001)
                .contains(odd, inside.resolve("a-name-that-takes-some-room-1999"));
        assertThat(Directories.children(directory)).containsExactly(inside);
        try (Fd open = Fd.openDirectory(directory)) {
            assertThat(Directories.names(open)).containsExactly(Path.of("inside"));
        }
    }

    @Test
    void whatIsNotThereHasNothingInIt() throws Exception {
        assertThat(Directories.children(directory.resolve("absent"))).isEmpty();
    }

    /** A pipe, too, and without waiting for somebody who writes to it. */
    @Test
    void whyADirectoryCannotBeListedIsSaid() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> Directories.children(pipe))
                .isInstanceOfSatisfying(
                        OsException.class,
                        failure -> assertThat(failure.errno()).isEqualTo(Errno.ENOTDIR));
    }
}
