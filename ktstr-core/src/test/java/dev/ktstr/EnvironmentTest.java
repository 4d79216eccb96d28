package dev.ktstr;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EnvironmentTest {
    /** Prints what a child JVM makes of a variable. */
    static final class ShowVariableCase {
        public static void main(String[] arguments) throws Exception {
            try {
                System.out.println("value " + Environment.system().variable(arguments[0]));
            } catch (EnvironmentException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }

    @Test
    void systemIsTheSameObjectOnEveryCall() {
        assertThat(Environment.system()).isSameAs(Environment.system());
    }

    @Test
    void systemHasTheVariablesOfThisProcess() throws Exception {
        assertThat(Environment.system().variable("PATH")).contains(System.getenv("PATH"));
    }

    @Test
    void anEmptyVariableCountsAsUnsetUnlessTheRawValueIsAsked() throws Exception {
        Environment environment = Environment.of(Map.of("EMPTY", ""), null);

        assertThat(environment.variable("EMPTY")).isEmpty();
        assertThat(environment.rawVariable("EMPTY")).contains("");
        assertThat(environment.variable("ABSENT")).isEmpty();
        assertThat(environment.rawVariable("ABSENT")).isEmpty();
    }

    @Test
    void aVariableBeatsTheGivenHome() throws Exception {
        Path home = Path.of("/home/given");

        assertThat(Environment.of(Map.of(), home).variable("HOME")).contains("/home/given");
        assertThat(Environment.of(Map.of("HOME", "/home/set"), home).variable("HOME"))
                .contains("/home/set");
        assertThat(Environment.of(Map.of(), null).variable("HOME")).isEmpty();
    }

    @Test
    void textOutsideAsciiComesBackAsItIs() throws Exception {
        assertThat(Environment.of(Map.of("V", "/größe/日本/🐧"), null).variable("V"))
                .contains("/größe/日本/🐧");
    }

    @Test
    void bytesThatAreNotUtf8AreRefusedByNameAndNumber() {
        Environment environment = Environment.ofBytes(Map.of("V", new byte[] {'/', (byte) 0xff, 'x'}));

        assertThatExceptionOfType(EnvironmentException.class)
                .isThrownBy(() -> environment.variable("V"))
                .withMessageContaining("KT-ENV-02")
                .withMessageContaining("V: it holds non-UTF-8 bytes (3 bytes in all)")
                .withMessageContaining("set V to a path written in UTF-8, or unset it")
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.ENV_ENCODING));
    }

    @Test
    void aChangedMapDoesNotChangeTheEnvironment() throws Exception {
        Map<String, byte[]> variables = new HashMap<>(Map.of("V", "before".getBytes(UTF_8)));
        Environment environment = Environment.ofBytes(variables);
        variables.put("V", "after".getBytes(UTF_8));

        assertThat(environment.variable("V")).contains("before");
    }

    @Test
    void randomSuffixesAreEightHexDigitsAndDiffer() {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 64; i++) {
            String suffix = Environment.system().randomSuffix();
            assertThat(suffix).matches("[0-9a-f]{8}");
            seen.add(suffix);
        }

        assertThat(seen).hasSizeGreaterThan(60);
    }

    @Test
    void somethingIsFirstOncePerEnvironment() {
        Environment one = Environment.of(Map.of(), null);
        Environment other = Environment.of(Map.of(), null);

        assertThat(one.firstTime("warning a")).isTrue();
        assertThat(one.firstTime("warning a")).isFalse();
        assertThat(one.firstTime("warning b")).isTrue();
        assertThat(other.firstTime("warning a")).isTrue();
    }

    @Test
    void clocksCanBeReplacedAndTheVariablesStay() throws Exception {
        AtomicLong nanos = new AtomicLong(41);
        Clock wall = Clock.fixed(Instant.parse("2026-04-12T10:00:00Z"), ZoneOffset.UTC);
        Environment environment = Environment.of(Map.of("V", "x"), null).withClocks(wall, nanos::incrementAndGet);

        assertThat(environment.clock().instant()).isEqualTo("2026-04-12T10:00:00Z");
        assertThat(environment.nanoTime()).isEqualTo(42);
        assertThat(environment.nanoTime()).isEqualTo(43);
        assertThat(environment.variable("V")).contains("x");
    }

    @Test
    void theSystemsOwnBytesAreSeenUnderAnyLocale() throws Exception {
        assertThat(ChildJvm.of(ShowVariableCase.class, "KTSTR_CACHE_DIR")
                        .withVariables(Map.of("LC_ALL", "C"))
                        .after("KTSTR_CACHE_DIR=$(printf '/tmp/\\377\\376'); export KTSTR_CACHE_DIR")
                        .run()
                        .output())
                .contains("KTSTR_CACHE_DIR: it holds non-UTF-8 bytes (7 bytes in all)");
    }

    @Test
    void oneVariableOrTheOperatingSystemIsChangedInACopy() throws Exception {
        Environment environment = Environment.of(Map.of("A", "a", "B", "b"), null);

        Environment changed = environment.withVariable("B", "c").withOperatingSystem("Plan 9");
        assertThat(changed.variable("A")).contains("a");
        assertThat(changed.variable("B")).contains("c");
        assertThat(changed.operatingSystem()).isEqualTo("Plan 9");
        assertThat(environment.variable("B")).contains("b");
        assertThat(environment.operatingSystem()).isEqualTo(System.getProperty("os.name"));
    }
}
