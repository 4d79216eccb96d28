package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private final Map<String, String> parameters = new HashMap<>();
    private final Map<String, String> variables = new HashMap<>();

    @TempDir
    Path directory;

    private Settings settings() throws IOException {
        return Settings.read(
                name -> Optional.ofNullable(parameters.get(name)),
                directory.resolve("prepared.properties"),
                Environment.of(variables, directory));
    }

    private void prepare(String content) throws IOException {
        Files.writeString(directory.resolve("prepared.properties"), content);
    }

    @Test
    void aParameterComesBeforeWhatIsPreparedAndThatBeforeTheEnvironment() throws IOException {
        assertThat(settings().kernel()).isEmpty();
        variables.put("KTSTR_KERNEL", "variable");
        assertThat(settings().kernel()).contains("variable");
        prepare("ktstr.kernel = prepared\n");
        assertThat(settings().kernel()).contains("prepared");
        parameters.put("ktstr.kernel", "parameter");
        assertThat(settings().kernel()).contains("parameter");
    }

    @Test
    void aKernelThatPrepareNamedIsKnownAsThat() throws IOException {
        assertThat(settings().isPrepared("a")).isFalse();
        prepare("ktstr.kernel=a\nktstr.kernels=a,b\n");
        assertThat(settings().isPrepared("a")).isTrue();
        assertThat(settings().isPrepared("b")).isTrue();
        assertThat(settings().isPrepared("latest")).isFalse();
    }

    @Test
    void whatIsEmptyIsNotSet() throws IOException {
        variables.put("KTSTR_KERNEL", "variable");
        prepare("ktstr.kernel=\n");
        parameters.put("ktstr.kernel", " ");

        assertThat(settings().kernel()).contains("variable");
    }

    @Test
    void listsAreSeparatedByCommas() throws IOException {
        assertThat(settings().kernels()).isEmpty();
        variables.put("KTSTR_KERNEL_LIST", "6.1, 6.6..6.12,,latest");
        assertThat(settings().kernels()).containsExactly("6.1", "6.6..6.12", "latest");
        prepare("ktstr.kernels=6.18\n");
        assertThat(settings().kernels()).containsExactly("6.18");
    }

    @Test
    void theCacheDirectoryIsAbsolute() throws IOException {
        assertThat(settings().cacheDirectory()).isEmpty();
        prepare("ktstr.cacheDir=/srv/prepared\n");
        assertThat(settings().cacheDirectory()).contains(Path.of("/srv/prepared"));
        parameters.put("ktstr.cacheDir", "here");
        assertThat(settings().cacheDirectory()).contains(Path.of("here").toAbsolutePath());
    }

    @Test
    void policiesHaveNamesAndDefaults() throws IOException {
        assertThat(settings().onMissing()).isEqualTo(OnMissing.FAIL);
        assertThat(settings().keepDisks()).isEqualTo(KeepDisks.NEVER);
        parameters.put("ktstr.onMissing", "Disable");
        parameters.put("ktstr.keepDisks", "onFailure");
        assertThat(settings().onMissing()).isEqualTo(OnMissing.DISABLE);
        assertThat(settings().keepDisks()).isEqualTo(KeepDisks.ON_FAILURE);
        parameters.put("ktstr.keepDisks", "yes");
        assertThatThrownBy(settings()::keepDisks)
                .isInstanceOf(KtstrException.class)
                .hasMessageContaining("KT-ENV-03")
                .hasMessageContaining("ktstr.keepDisks: \"yes\"")
                .hasMessageContaining("never, onFailure or always");
    }

    @Test
    void aFileThatIsNoPropertiesIsNotPassedOver() throws IOException {
        prepare("ktstr.kernel=\\u12\n");

        assertThatThrownBy(this::settings)
                .isInstanceOf(KtstrException.class)
                .hasMessageContaining("prepared.properties");
    }

    @Test
    void variablesAreStrippedAsTheOthersAre() throws IOException {
        variables.put("KTSTR_KERNEL", " 6.12 ");

        assertThat(settings().kernel()).contains("6.12");
    }

    @Test
    void aFileThatCannotBeReadIsNamed() throws IOException {
        Path file = directory.resolve("prepared.properties");
        Files.write(file, new byte[] {'a', '=', (byte) 0xff});
        assertThatThrownBy(this::settings)
                .isInstanceOf(KtstrException.class)
                .hasMessageContaining("KT-ENV-03")
                .hasMessageContaining("not UTF-8")
                .hasMessageContaining(file.toString());
        Files.delete(file);
        Files.createDirectory(file);
        assertThatThrownBy(this::settings)
                .isInstanceOf(KtstrException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("have it written again");
    }
}
