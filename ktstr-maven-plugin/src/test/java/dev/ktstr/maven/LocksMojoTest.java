package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocksMojoTest {
    private static final String TEMPLATE = "ext4-256m-0123456789abcdef";

    @TempDir
    private Path directory;

    /** As with KTSTR_CACHE_DIR, for which cacheDir stands in. */
    @Test
    void looksForTemplatesInTheCacheThatItWasTold() throws Exception {
        Path locks = Files.createDirectories(directory.resolve(".locks"));
        Files.createFile(locks.resolve(TEMPLATE + ".lock"));
        StringBuilder said = new StringBuilder();
        LocksMojo goal = Goals.with(new LocksMojo(), "cacheDir", directory.toFile());
        goal.setLog(new SystemStreamLog() {
            @Override
            public void info(CharSequence line) {
                said.append(line).append('\n');
            }
        });

        goal.execute();

        int templates = said.indexOf("Disk-template locks:");
        assertThat(said.substring(templates, said.indexOf("Source-tree locks:")))
                .contains(TEMPLATE);
    }
}
