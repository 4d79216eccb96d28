package dev.ktstr.cache;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelConfigTest {
    @TempDir
    Path directory;

    private KernelConfig read(String text) throws Exception {
        return KernelConfig.read(Files.writeString(directory.resolve("config"), text, ISO_8859_1));
    }

    @ParameterizedTest
    @CsvSource({
        "x86, 6.1.192, x86_64",
        "x86_64, 6.14.2, x86_64",
        "arm64, 6.15-rc3, aarch64",
        "arm64, 6.1.0-56-cloud, aarch64"
    })
    void theHeadingHasVersionAndArchitecture(String srcarch, String version, String arch) throws Exception {
        KernelConfig config = read("#\n# Automatically generated file; DO NOT EDIT.\n# Linux/" + srcarch + " " + version
                + " Kernel Configuration\n#\nCONFIG_X=y\n");

        assertThat(config.version()).isEqualTo(version);
        assertThat(config.arch()).isEqualTo(arch);
    }

    @Test
    void anArchitectureWithoutANameOfOursIsLeftOut() throws Exception {
        KernelConfig config = read("# Linux/riscv 6.14.2 Kernel Configuration\n");

        assertThat(config.version()).isEqualTo("6.14.2");
        assertThat(config.arch()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "CONFIG_X=y\n",
                "# Linux/x86 Kernel Configuration\n",
                "## Linux/x86 6.14.2 Kernel Configuration\n",
                " # Linux/x86 6.14.2 Kernel Configuration\n",
                "# Linux/x86 6.14.2 Kernel Configuration file\n",
                "# Linux kernel version: 2.6.32\n"
            })
    void withoutTheHeadingThereIsOnlyTheHash(String text) throws Exception {
        KernelConfig config = read(text);

        assertThat(config.version()).isNull();
        assertThat(config.arch()).isNull();
        assertThat(config.hash()).hasSize(8);
    }

    @ParameterizedTest
    @CsvSource({"123456789, cbf43926", "'', 00000000", "a, e8b7be43"})
    void theHashIsTheCrc32OfZlib(String text, String hash) throws Exception {
        assertThat(read(text).hash()).isEqualTo(hash);
    }

    @Test
    void anyByteChangesTheHashAlsoOutsideAscii() throws Exception {
        assertThat(read("# \u00e9\n").hash()).isNotEqualTo(read("# \u00e8\n").hash());
    }

    @Test
    void anAbsentFileIsAFailure() {
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> KernelConfig.read(directory.resolve("absent")));
    }
}
