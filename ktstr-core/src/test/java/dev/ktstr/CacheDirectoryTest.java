package dev.ktstr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheDirectoryTest {
    private static final byte[] NOT_UTF8 = {'/', 't', (byte) 0xff};

    /** Prints where the kernels are for a child JVM. */
    static final class ShowDirectoryCase {
        public static void main(String[] arguments) {
            try {
                System.out.println("directory "
                        + CacheDirectory.of(Environment.system(), "kernels").toUri());
            } catch (EnvironmentException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }

    private static Path kernels(Map<String, String> variables) throws EnvironmentException {
        return CacheDirectory.of(Environment.of(variables, null), "kernels");
    }

    private static EnvironmentException refusal(Environment environment) {
        return assertThatExceptionOfType(EnvironmentException.class)
                .isThrownBy(() -> CacheDirectory.of(environment, "kernels"))
                .actual();
    }

    @Test
    void cacheDirWinsAndGetsNoSuffix() throws Exception {
        assertThat(kernels(Map.of("KTSTR_CACHE_DIR", "/srv/k", "XDG_CACHE_HOME", "/x", "HOME", "/home/u")))
                .hasToString("/srv/k");
    }

    @Test
    void everyFamilySharesAnExplicitCacheDir() throws Exception {
        Environment environment = Environment.of(Map.of("KTSTR_CACHE_DIR", "/srv/k"), null);

        assertThat(CacheDirectory.of(environment, "disk_templates")).hasToString("/srv/k");
        assertThat(CacheDirectory.of(environment, "kernels")).hasToString("/srv/k");
    }

    @Test
    void xdgCacheHomeGetsKtstrAndTheFamily() throws Exception {
        assertThat(kernels(Map.of("XDG_CACHE_HOME", "/x", "HOME", "/home/u"))).hasToString("/x/ktstr/kernels");
        assertThat(CacheDirectory.of(Environment.of(Map.of("XDG_CACHE_HOME", "/x"), null), "initramfs"))
                .hasToString("/x/ktstr/initramfs");
    }

    @Test
    void homeIsTheLastResort() throws Exception {
        assertThat(kernels(Map.of("HOME", "/home/u"))).hasToString("/home/u/.cache/ktstr/kernels");
    }

    @Test
    void emptyVariablesFallThroughOneAfterTheOther() throws Exception {
        assertThat(kernels(Map.of("KTSTR_CACHE_DIR", "", "XDG_CACHE_HOME", "/x")))
                .hasToString("/x/ktstr/kernels");
        assertThat(kernels(Map.of("KTSTR_CACHE_DIR", "", "XDG_CACHE_HOME", "", "HOME", "/home/u")))
                .hasToString("/home/u/.cache/ktstr/kernels");
    }

    @Test
    void homeIsNotLookedAtWhenAnEarlierVariableDecides() throws Exception {
        assertThat(kernels(Map.of("XDG_CACHE_HOME", "/x", "HOME", ""))).hasToString("/x/ktstr/kernels");
        assertThat(kernels(Map.of("KTSTR_CACHE_DIR", "/k", "HOME", "relative"))).hasToString("/k");
    }

    @Test
    void anUnsetHomeIsRefused() {
        assertThat(refusal(Environment.of(Map.of(), null))).hasMessageContaining("HOME is unset");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''           | HOME is set to the empty string",
                "/            | HOME is `/`, and /.cache/ktstr",
                "relative/dir | HOME is \"relative/dir\", which is not an absolute path",
                "foo          | HOME is \"foo\", which is not an absolute path",
                "~            | HOME is \"~\", which is not an absolute path",
            })
    void anUnusableHomeIsRefusedInItsOwnWords(String home, String words) {
        assertThat(refusal(Environment.of(Map.of("HOME", home), null))).hasMessageContaining(words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "relative/dir", "foo"})
    void everyRefusalOfHomeAdvisesBothVariablesAndHasItsCode(String home) {
        EnvironmentException refused = refusal(Environment.of(Map.of("HOME", home), null));

        assertThat(refused.code()).isEqualTo(ErrorCode.ENV_CACHE_ROOT);
        assertThat(refused.remedy()).contains("KTSTR_CACHE_DIR").contains("XDG_CACHE_HOME");
    }

    @ParameterizedTest
    @ValueSource(strings = {"//", "/./", "/foo//bar", "/foo/../bar", "/home/u/"})
    void oddAbsoluteHomesPassUnnormalised(String home) throws Exception {
        assertThat(kernels(Map.of("HOME", home))).isEqualTo(Path.of(home + "/.cache/ktstr/kernels"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"KTSTR_CACHE_DIR", "XDG_CACHE_HOME", "HOME"})
    void bytesThatAreNotUtf8AreAnErrorInEachVariable(String variable) {
        EnvironmentException refused = refusal(Environment.ofBytes(Map.of(variable, NOT_UTF8)));

        assertThat(refused.code()).isEqualTo(ErrorCode.ENV_ENCODING);
        assertThat(refused).hasMessageContaining(variable + ": it holds non-UTF-8 bytes (3 bytes in all)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"KTSTR_CACHE_DIR", "XDG_CACHE_HOME"})
    void bytesThatAreNotUtf8DoNotFallThrough(String variable) {
        Map<String, byte[]> variables = new HashMap<>(Map.of("HOME", new byte[] {'/', 'h'}));
        variables.put(variable, NOT_UTF8);

        assertThat(refusal(Environment.ofBytes(variables)).code()).isEqualTo(ErrorCode.ENV_ENCODING);
    }

    @Test
    void bytesThatAreNotUtf8DoNoHarmWhereTheyDoNotDecide() throws Exception {
        Environment environment =
                Environment.ofBytes(Map.of("KTSTR_CACHE_DIR", new byte[] {'/', 'k'}, "XDG_CACHE_HOME", NOT_UTF8));

        assertThat(CacheDirectory.of(environment, "kernels")).hasToString("/k");
    }

    @Test
    void relativeDirectoriesBecomeAbsolute() throws Exception {
        Path here = Path.of("").toAbsolutePath();

        assertThat(kernels(Map.of("KTSTR_CACHE_DIR", "some/where"))).isEqualTo(here.resolve("some/where"));
        assertThat(kernels(Map.of("KTSTR_CACHE_DIR", "."))).isEqualTo(here.resolve("."));
        assertThat(kernels(Map.of("XDG_CACHE_HOME", "c"))).isEqualTo(here.resolve("c/ktstr/kernels"));
    }

    @Test
    void nothingIsCreated(@TempDir Path directory) throws Exception {
        kernels(Map.of("KTSTR_CACHE_DIR", directory + "/explicit"));
        kernels(Map.of("XDG_CACHE_HOME", directory + "/xdg"));
        kernels(Map.of("HOME", directory + "/home"));

        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aPathThatThisJvmCannotNameIsRefusedInWords() {
        EnvironmentException refused = refusal(Environment.of(Map.of("KTSTR_CACHE_DIR", "/a\0b"), null));

        assertThat(refused.code()).isEqualTo(ErrorCode.ENV_CACHE_ROOT);
        assertThat(refused).hasMessageContaining("KTSTR_CACHE_DIR").hasMessageContaining("cannot use as a path");
    }

    @ParameterizedTest
    @ValueSource(strings = {"KTSTR_CACHE_DIR", "XDG_CACHE_HOME", "HOME"})
    void underACLocaleANonAsciiDirectoryIsRefusedOrUsedExactly(String variable) throws Exception {
        String output = ChildJvm.of(ShowDirectoryCase.class)
                .withVariables(Map.of("LC_ALL", "C", variable, "/tmp/größe"))
                .run()
                .output();

        assertThat(output).containsAnyOf("gr%C3%B6%C3%9Fe", "KT-ENV-01  looking for the cache directory: " + variable);
    }

    @Test
    void aRelativeXdgDirectoryIsTakenAndCautionedAbout() throws EnvironmentException {
        Environment relative = Environment.of(Map.of("XDG_CACHE_HOME", "cache"), null);
        assertThat(CacheDirectory.of(relative, "kernels"))
                .isEqualTo(Path.of("cache/ktstr/kernels").toAbsolutePath());
        assertThat(CacheDirectory.caution(relative).orElseThrow())
                .contains("XDG_CACHE_HOME")
                .contains("\"cache\"");
        assertThat(CacheDirectory.caution(Environment.of(Map.of("XDG_CACHE_HOME", "/cache"), null)))
                .isEmpty();
        assertThat(CacheDirectory.caution(
                        Environment.of(Map.of("XDG_CACHE_HOME", "cache", "KTSTR_CACHE_DIR", "/k"), null)))
                .isEmpty();
    }
}
