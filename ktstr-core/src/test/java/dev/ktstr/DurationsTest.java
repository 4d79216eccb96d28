package dev.ktstr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    private static final long SEED = Long.getLong("ktstr.seed", 20261121);

    @ParameterizedTest
    @CsvSource({"30s, 30", "2m, 120", "10min, 600", "1h, 3600", "90s, 90", "1h 30m, 5400", "7d, 604800", "0, 0"})
    void readsWhatTheOriginalsTestsPin(String text, long seconds) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ns nsec nanos                   | PT0.000000001S",
                "us usec µs                      | PT0.000001S",
                "ms msec millis                  | PT0.001S",
                "s sec secs second seconds       | PT1S",
                "m min mins minute minutes       | PT1M",
                "h hr hrs hour hours             | PT1H",
                "d day days                      | PT24H",
                "w wk wks week weeks             | PT168H",
                "M month months                  | PT2630016S",
                "y yr yrs year years             | PT31557600S",
            })
    void knowsEveryUnitInEverySpelling(String spellings, Duration one) {
        for (String unit : spellings.split(" ", -1)) {
            assertThat(Durations.parse("1" + unit)).as(unit).isEqualTo(one);
            assertThat(Durations.parse("3 " + unit)).as(unit).isEqualTo(one.multipliedBy(3));
            assertThat(Durations.parse("0" + unit)).as(unit).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"S", "Ms", "MS", "H", "D", "Min", "MIN", "Y", "W", "NS", "Days", "x", "min.", "Month"})
    void unitsAreCaseSensitive(String unit) {
        assertThatIllegalArgumentException().isThrownBy(() -> Durations.parse("1" + unit));
    }

    @Test
    void aSmallMIsAMinuteAndALargeOneAMonth() {
        assertThat(Durations.parse("1m")).isEqualTo(Duration.ofMinutes(1));
        assertThat(Durations.parse("1M")).isEqualTo(Duration.ofSeconds(2_630_016));
    }

    @ParameterizedTest
    @CsvSource({
        "1h30m, 5400",
        "30m1h, 5400",
        "1s 1s 1s, 3",
        "'  5s  ', 5",
        "5 s, 5",
        "'1\t0 s', 10",
        "'1 000s', 1000",
        "'5\ns', 5",
        "007s, 7",
        "0s, 0",
        "' 0 ', 0",
        "'1d2h 3m\t4s', 93784",
    })
    void sumsSpansAndPassesOverWhiteSpaceEvenBetweenDigits(String text, long seconds) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "   ",
                "1",
                "5 ",
                "s",
                "1s 5",
                "5 1 ",
                "not-a-duration",
                "-5s",
                "+5s",
                "1.5s",
                "1,5s",
                "1_000s",
                "1s,2s",
                "1s;",
                "P1D",
                "PT5S",
                "1e3s",
                "0x10s",
                "٣s",
                "m in",
                "1s!",
                "∞"
            })
    void anythingElseIsRefusedWithTheTextInTheMessage(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Durations.parse(text))
                .withMessageContaining("\"" + text + "\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "99999999999999999999s",
                "18446744073709551616s",
                "18446744073709551615y",
                "9223372036854775807m",
                "9223372036854775807s 1s",
                "9223372036854775807w",
                "5000000000000000h 9223372036854775807s",
            })
    void overflowIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Durations.parse(text))
                .withMessageContaining("too large");
    }

    @Test
    void theLargestNumbersThatFitAreRead() {
        assertThat(Durations.parse("9223372036854775807s")).isEqualTo(Duration.ofSeconds(Long.MAX_VALUE));
        assertThat(Durations.parse("9223372036854775807ns")).isEqualTo(Duration.ofNanos(Long.MAX_VALUE));
    }

    @ParameterizedTest
    @CsvSource({
        "PT10S, 10s",
        "PT5M, 300s",
        "PT0.15S, 150ms",
        "PT1.5S, 1500ms",
        "PT0S, 0s",
        "PT24H, 86400s",
        "PT0.001S, 1ms"
    })
    void writesWholeSecondsElseMilliseconds(Duration duration, String text) {
        assertThat(Durations.format(duration)).isEqualTo(text);
    }

    @Test
    void writesEveryDurationThatItReads() {
        assertThat(Durations.format(Durations.parse("9223372036854775807s"))).isEqualTo("9223372036854775807s");
    }

    @Test
    void whatIsWrittenIsReadBack() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 2_000; i++) {
            Duration duration = Duration.ofMillis(random.nextLong(1L << random.nextInt(1, 53)));
            assertThat(Durations.parse(Durations.format(duration)))
                    .as("seed %d, round %d", SEED, i)
                    .isEqualTo(duration);
        }
    }

    @Test
    void spansInAnyOrderAndSpacingAddUp() {
        String[] units = {"ns", "us", "ms", "s", "m", "h", "d", "w", "M", "y"};
        long[] nanos = {
            1,
            1_000,
            1_000_000,
            1_000_000_000,
            60_000_000_000L,
            3_600_000_000_000L,
            86_400_000_000_000L,
            604_800_000_000_000L,
            2_630_016_000_000_000L,
            31_557_600_000_000_000L
        };
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            Duration sum = Duration.ZERO;
            for (int span = random.nextInt(1, 6); span > 0; span--) {
                int unit = random.nextInt(units.length);
                long count = random.nextLong(1_000);
                text.append(" ".repeat(random.nextInt(3)))
                        .append(count)
                        .append(" ".repeat(random.nextInt(3)))
                        .append(units[unit]);
                sum = sum.plus(Duration.ofNanos(nanos[unit]).multipliedBy(count));
            }
            assertThat(Durations.parse(text.toString()))
                    .as("seed %d: %s", SEED, text)
                    .isEqualTo(sum);
        }
    }

    @Test
    void noTextOverAnAlphabetOfTheGrammarEscapesTheContract() {
        String alphabet = "0123459 \tsmhdwMyµnµu.-+x";
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(12); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                assertThat(Durations.parse(text.toString())).isGreaterThanOrEqualTo(Duration.ZERO);
            } catch (IllegalArgumentException refused) {
                assertThat(refused).hasMessageContaining(text.toString());
            }
        }
    }
}
