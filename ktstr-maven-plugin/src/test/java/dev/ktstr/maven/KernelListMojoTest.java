package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.maven.plugin.AbstractMojoExecutionException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelListMojoTest {
    @TempDir
    private Path directory;

    private final StringBuilder said = new StringBuilder();

    /** In a store that others may write to, they may have recorded anything. */
    @Test
    void whatOthersRecordedCannotDriveATerminal() throws Exception {
        Path entry = Files.createDirectories(directory.resolve("k"));
        Files.writeString(entry.resolve("bzImage"), "boot image");
        Files.writeString(entry.resolve("metadata.json"), """
                {
                  "version": "6.14\\u001b[2J",
                  "source": {"type": "local\\n"},
                  "arch": "x86_64\\r",
                  "image_name": "bzImage",
                  "config_hash": null,
                  "built_at": "\\u202e",
                  "ktstr_kconfig_hash": null,
                  "extra_kconfig_hash": null,
                  "has_vmlinux": false,
                  "vmlinux_stripped": false,
                  "source_vmlinux_size": null,
                  "source_vmlinux_mtime_secs": null
                }
                """);
        Files.createDirectories(directory.resolve("odd\u001b]0;x\u0007"));
        Path json = directory.resolve("out.json");
        Path corrupt = Files.createDirectories(directory.resolve("corrupt"));
        Files.writeString(corrupt.resolve("metadata.json"), "{\"a\\u001b[2J\": 1, \"a\\u001b[2J\": 2}");

        Files.createDirectories(directory.resolve("ext4-8m-\u009b2J"));
        Files.createFile(Files.createDirectories(directory.resolve(".locks")).resolve("locked\u001b[2J.lock"));

        run(Goals.with(new KernelListMojo(), "outputFile", json.toFile()));
        run(new KernelListMojo());
        run(new KernelVerifyMojo());
        run(new DiskListMojo());
        run(new LocksMojo());
        run(Goals.with(new KernelCleanMojo(), "all", true));
        said.append(Files.readString(json));

        assertThat(said.toString())
                .contains(
                        "6.14\uFFFD[2J",
                        "odd\uFFFD]0;x\uFFFD",
                        "a\uFFFD[2J",
                        "8m-\uFFFD2J",
                        "locked\uFFFD[2J",
                        "removed odd\uFFFD",
                        "\\u202E")
                .doesNotContainPattern("[\\p{Cc}\\p{Cf}&&[^\\n]]");
    }

    private void run(AbstractKtstrMojo goal) throws Exception {
        Goals.with(goal, "cacheDir", directory.toFile());
        goal.setLog(new SystemStreamLog() {
            @Override
            public void info(CharSequence line) {
                said.append(line).append('\n');
            }

            @Override
            public void warn(CharSequence line) {
                said.append(line).append('\n');
            }

            @Override
            public void error(CharSequence line) {
                said.append(line).append('\n');
            }
        });
        try {
            goal.execute();
        } catch (AbstractMojoExecutionException damaged) {
            said.append(damaged.getMessage());
        }
    }
}
