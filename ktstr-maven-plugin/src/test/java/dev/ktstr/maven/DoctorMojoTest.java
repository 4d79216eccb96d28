package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where there is a file in place of the store, which is one failure at least. */
class DoctorMojoTest {
    @TempDir
    private Path directory;

    private final StringBuilder said = new StringBuilder();
    private DoctorMojo goal = new DoctorMojo();

    @BeforeEach
    void prepare() throws Exception {
        goal = Goals.with(
                goal, "cacheDir", Files.createFile(directory.resolve("file")).toFile());
        goal.setLog(new SystemStreamLog() {
            @Override
            public void info(CharSequence line) {
                said.append(line).append('\n');
            }
        });
    }

    @Test
    void aFailureIsALineAndFailsOnlyAStrictBuild() throws Exception {
        goal.execute();
        assertThat(said)
                .containsPattern("(?m)^FAIL  cache +\\S+/file \\(ktstr\\.cacheDir\\)")
                .containsPattern("FAIL\n$");
        Goals.with(goal, "strict", true);
        assertThatThrownBy(goal::execute)
                .isInstanceOf(MojoFailureException.class)
                .hasMessageContaining("KT-DOCTOR-01")
                .hasMessageContaining("  cache: ");
    }

    @Test
    void asJsonItSaysTheSame() throws Exception {
        Path file = directory.resolve("doctor.json");
        Goals.with(goal, "outputFile", file.toFile()).execute();
        JsonNode document = AbstractJsonMojo.MAPPER.readTree(file.toFile());
        assertThat(document.fieldNames()).toIterable().containsExactly("checks", "ok", "warn", "fail");
        assertThat(document.get("checks"))
                .hasSize(document.get("ok").asInt()
                        + document.get("warn").asInt()
                        + document.get("fail").asInt())
                .allSatisfy(check -> assertThat(check.fieldNames())
                        .toIterable()
                        .containsExactly("name", "level", "found", "remedy"));
        assertThat(document.get("fail").asInt()).isPositive();
    }
}
