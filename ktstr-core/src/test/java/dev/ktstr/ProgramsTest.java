package dev.ktstr;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
    @TempDir
    Path directory;

    private Path program(String path) throws Exception {
        Path file = directory.resolve(path);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, "#!/bin/sh\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Programs programs(String path, String... also) throws Exception {
        return new Programs(Environment.of(Map.of("PATH", path), null), List.of(also));
    }

    @Test
    void theFirstOnThePathWinsAndTheUsualDirectoriesComeLast() throws Exception {
        Path first = program("a/tool");
        Path second = program("b/tool");
        Path usual = program("usual/only");
        program("usual/tool");
        Programs programs = programs(directory + "/none:" + directory + "/a:" + directory + "/b", directory + "/usual");
        assertThat(programs.find("tool")).contains(first);
        Files.delete(first);
        assertThat(programs.find("tool")).contains(second);
        assertThat(programs.find("only")).contains(usual);
        assertThat(programs.find("absent")).isEmpty();
    }

    @Test
    void whatIsNoProgramIsPassedOver() throws Exception {
        Files.createDirectories(directory.resolve("a/tool"));
        Files.setPosixFilePermissions(program("b/tool"), PosixFilePermissions.fromString("rw-r--r--"));
        Files.writeString(program("c/tool"), "");
        Files.createDirectories(directory.resolve("d"));
        Files.createSymbolicLink(directory.resolve("d/tool"), directory.resolve("nowhere"));
        Path right = program("e/tool");
        String path = "a:b:c:d:e".replaceAll("[a-e]", directory + "/$0");
        assertThat(programs(path).find("tool")).contains(right);
        Files.delete(right);
        Path link = Files.createSymbolicLink(directory.resolve("e/tool"), program("f/other"));
        assertThat(programs(path).find("tool")).contains(link); // as it is called
    }

    @Test
    void anEmptyPartOfThePathIsNotTheWorkingDirectory() throws Exception {
        assertThat(programs("").find("pom.xml")).isEmpty();
        assertThat(programs("::").find("pom.xml")).isEmpty();
        assertThat(new Programs(Environment.of(Map.of(), null), List.of()).find("sh"))
                .isEmpty();
        assertThat(programs("\0bad:" + program("x/y").getParent()).find("y")).isPresent();
    }

    @Test
    void whatIsMissingIsSaidWithWhatWasLookedAt() throws Exception {
        assertThat(programs("/p:/q").missing("tool")).isEqualTo("there is no tool on this machine (PATH is \"/p:/q\")");
        assertThat(new Programs(Environment.of(Map.of("PATH", "/p"), null)).missing("tool"))
                .isEqualTo(
                        "there is no tool on this machine (PATH is \"/p\"; /usr/sbin, /sbin, /usr/local/sbin were looked"
                                + " at, too)");
        assertThat(Programs.install("a-deb", "a-rpm"))
                .isEqualTo("install it: apt-get install a-deb (Debian, Ubuntu), dnf install a-rpm (Fedora)");
        Programs none = new Programs(Environment.of(Map.of(), null), List.of());
        assertThat(none.installing("sudo ", "a-deb", "a-rpm"))
                .contains("sudo apt-get install -y a-deb", "sudo dnf install -y a-rpm");
        assertThat(none.reinstalling("", "a-deb", "a-rpm"))
                .contains("apt-get install -y --reinstall a-deb", "dnf reinstall -y a-rpm");
    }
}
