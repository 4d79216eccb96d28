package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PropertiesFileTest {
    @TempDir
    private Path directory;

    private void write(Path path, Map<String, String> properties) throws Exception {
        new PropertiesFile(path).write(properties, Environment.system());
    }

    @Test
    void writesSortedLinesWithoutADate() throws Exception {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("ktstr.kernels", "a,b");
        properties.put("ktstr.cacheDir", "/srv/x");
        Path file = directory.resolve("target/ktstr/prepared.properties");

        write(file, properties);

        assertThat(file).hasContent("ktstr.cacheDir=/srv/x\nktstr.kernels=a,b\n");
        assertThat(file.getParent()).isDirectoryNotContaining(each -> !each.equals(file));
    }

    /** As ktstr-junit reads it. */
    @Test
    void keepsEveryCharacter() throws Exception {
        String value = "  back\\slash #hash !bang =:\t line\nbreak ä 中 ";
        Path file = directory.resolve("p");

        write(file, Map.of("#a b", value, "ktstr.cacheDir", "#x"));

        Properties read = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            read.load(reader);
        }
        assertThat(read).isEqualTo(Map.of("#a b", value, "ktstr.cacheDir", "#x"));
        assertThat(new PropertiesFile(file).read()).isEqualTo(Map.of("#a b", value, "ktstr.cacheDir", "#x"));
    }

    @Test
    void leavesAloneWhatSaysTheSame() throws Exception {
        Path file = directory.resolve("p");
        write(file, Map.of("a", "1"));
        FileTime longAgo = FileTime.fromMillis(1000);
        Files.setLastModifiedTime(file, longAgo);

        write(file, Map.of("a", "1"));
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(longAgo);

        write(file, Map.of("b", "2"));
        assertThat(file).hasContent("b=2\n");
    }

    @Test
    void takesADamagedFileForNone() throws Exception {
        Path file = Files.write(directory.resolve("p"), new byte[] {(byte) 0xff, '=', '\\', 'u', '1'});
        assertThat(new PropertiesFile(file).read()).isEmpty();
        assertThat(new PropertiesFile(directory.resolve("absent")).read()).isEmpty();
    }

    @Test
    void saysWhereItCannotWrite() throws Exception {
        Path file = Files.createFile(directory.resolve("file")).resolve("ktstr/p");
        assertThatThrownBy(() -> write(file, Map.of()))
                .hasMessageContaining("writing what was prepared: ")
                .hasMessageContaining(file.toString())
                .isInstanceOfSatisfying(
                        KtstrException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.OS_CALL));
    }
}
