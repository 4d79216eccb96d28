package dev.ktstr.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.os.OsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagingTest {
    @TempDir
    Path directory;

    private static final class Family implements EntryFamily {
        @Override
        public String stagingName(String key, String unique) {
            return ".tmp-" + key + "-" + unique;
        }

        @Override
        public Optional<String> keyOfStaging(String name, boolean isDirectory) {
            return Optional.empty();
        }

        @Override
        public String definingFile() {
            return "file";
        }

        @Override
        public String describe(String key) {
            return key;
        }
    }

    /** Whoever may write to the root could put one there. */
    @Test
    void aLinkThatTakesItsPlaceIsNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path precious = Files.writeString(elsewhere.resolve("file"), "precious");
        Path scratch = Files.writeString(
                Files.createDirectory(elsewhere.resolve(".scratch")).resolve("file"), "precious");
        Path file = Files.writeString(directory.resolve("file"), "ours");
        EntryRoot root = new EntryRoot(
                directory.resolve("root"), new Family(), Environment.of(Map.of(), directory), event -> {});
        try (EntryLock lock = root.lockForWriting("k", Duration.ZERO, "");
                Staging staging = lock.stage()) {
            Files.move(staging.directory(), directory.resolve("away"));
            Files.createSymbolicLink(staging.directory(), elsewhere);

            assertThatThrownBy(() -> staging.take(file, "file")).isInstanceOf(OsException.class);
            assertThatThrownBy(staging::publish).isInstanceOf(OsException.class);
        }
        assertThat(precious).content().isEqualTo("precious");
        assertThat(scratch).content().isEqualTo("precious");
        assertThat(file).content().isEqualTo("ours");
    }
}
