package dev.ktstr.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.ChildJvm;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NativePathsTest {
    @TempDir
    Path directory;

    /** Takes the lock on every file of a directory and prints the file's path in hex, as the kernel gets it. */
    static final class LockEveryFileCase {
        public static void main(String[] arguments) throws Exception {
            System.out.println("encoding " + System.getProperty("sun.jnu.encoding"));
            try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of(arguments[0]))) {
                for (Path file : all) {
                    try (LockGuard guard = Flock.on(file).acquire(FlockMode.EXCLUSIVE)) {
                        System.out.println("locked " + HexFormat.of().formatHex(NativePaths.bytes(guard.lockFile())));
                        System.out.println("holders " + Flock.on(file).holders().size());
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a", "a/b", "/a/b", "/with space/%41/#?", "/tab\tand\nline"})
    void asciiIsTakenAsItIs(String text) {
        assertThat(NativePaths.bytes(Path.of(text))).isEqualTo(text.getBytes(UTF_8));
    }

    @Test
    void trailingAndDoubledSlashesAreGone() {
        assertThat(NativePaths.bytes(Path.of("/a//b/"))).isEqualTo("/a/b".getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"größe", "日本/🐧", "ö space/100%/ü#?", "é"})
    void otherNamesAreTheirBytes(String name) {
        Path path = directory.resolve(name);

        assertThat(NativePaths.bytes(path)).isEqualTo((directory + "/" + name).getBytes(UTF_8));
    }

    @Test
    void aDirectoryThatIsThereGetsNoTrailingSlash() throws Exception {
        Path made = Files.createDirectory(directory.resolve("größe"));

        assertThat(NativePaths.bytes(made)).isEqualTo((directory + "/größe").getBytes(UTF_8));
        assertThat(NativePaths.terminated(made)).isEqualTo((directory + "/größe\0").getBytes(UTF_8));
    }

    @Test
    void aRelativePathOutsideAsciiBecomesAbsolute() {
        assertThat(NativePaths.bytes(Path.of("ö"))).isEqualTo((Path.of("").toAbsolutePath() + "/ö").getBytes(UTF_8));
    }

    @Test
    void terminatedEndsInOneNul() {
        assertThat(NativePaths.terminated(Path.of("/a"))).containsExactly('/', 'a', 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX", "C.UTF-8"})
    void aChildUnderAnotherLocaleLocksTheVeryFiles(String locale) throws Exception {
        Path file = Files.writeString(directory.resolve("größe-日本"), "");
        Path plain = Files.writeString(directory.resolve("plain"), "");

        ChildJvm.Outcome outcome = ChildJvm.of(LockEveryFileCase.class, directory.toString())
                .withVariables(Map.of("LC_ALL", locale))
                .run();

        assertThat(outcome.output())
                .contains("locked " + HexFormat.of().formatHex(file.toString().getBytes(UTF_8)))
                .contains("locked " + HexFormat.of().formatHex(plain.toString().getBytes(UTF_8)))
                .contains("holders 1")
                .doesNotContain("holders 0");
        assertThat(outcome.exitCode()).isZero();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            assertThat(all).containsExactlyInAnyOrderElementsOf(List.of(file, plain));
        }
    }
}
