package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LockHolderTest {
    private static final Clock NOON = Clock.fixed(Instant.parse("2026-04-12T12:00:00Z"), ZoneOffset.UTC);

    private static String describe(LockHolder... holders) {
        return LockHolder.describe(List.of(holders), NOON);
    }

    private static LockHolder elsewhere(
            @Nullable String host, @Nullable String container, @Nullable Long pidNamespace) {
        return new LockHolder(1, "a", FlockMode.SHARED, null, null, host, container, pidNamespace);
    }

    @Test
    void holdersAreListedOnePerLine() {
        LockHolder one = new LockHolder(1, "a b", FlockMode.SHARED);
        LockHolder other = new LockHolder(22, "c", FlockMode.EXCLUSIVE);

        assertThat(describe()).startsWith("<none visible").endsWith(">");
        assertThat(describe(one)).isEqualTo("  pid=1 cmd=a b");
        assertThat(describe(one, other)).isEqualTo("  pid=1 cmd=a b\n  pid=22 cmd=c");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-04-12T12:00:00Z, 2026-04-12T12:00:00Z (0s ago)",
        "2026-04-12T11:59:00.5Z, 2026-04-12T11:59:00Z (59s ago)",
        "2026-04-12T11:58:00Z, 2026-04-12T11:58:00Z (2m ago)",
        "2026-04-12T09:01:00Z, 2026-04-12T09:01:00Z (2h ago)",
        "2026-04-01T12:00:00Z, 2026-04-01T12:00:00Z (11d ago)",
        "2026-04-12T12:00:03Z, 2026-04-12T12:00:03Z",
        "-1000000000-01-01T00:00:00Z, -1000000000-01-01T00:00:00Z (365244599d ago)",
    })
    void sinceWhenIsSaidInOneUnit(String since, String said) {
        assertThat(describe(new LockHolder(1, "a", FlockMode.SHARED, Instant.parse(since), null, null, null, null)))
                .startsWith("  pid=1 cmd=a, since " + said.substring(0, 12))
                .satisfies(line -> assertThat(line.startsWith("  pid=1 cmd=a, since -") || line.endsWith(said))
                        .isTrue());
    }

    @Test
    void whatIsTheSameHereIsNotRepeated() {
        ThisProcess here = ThisProcess.here();

        assertThat(describe(elsewhere(here.host(), here.container(), null))).isEqualTo("  pid=1 cmd=a");
        assertThat(describe(elsewhere("far", null, null))).isEqualTo("  pid=1 cmd=a, host far");
        assertThat(describe(elsewhere(here.host(), here.container(), 5L)))
                .isEqualTo("  pid=1 cmd=a, pid namespace 5, host " + here.host());
        assertThat(describe(elsewhere(null, "0123456789abcdef".repeat(4), null)))
                .isEqualTo("  pid=1 cmd=a, container 0123456789ab");
    }

    @Test
    void aCommandLineWithControlCharactersStaysOneLine() {
        assertThat(describe(new LockHolder(1, "a\nb\u001B[31m", FlockMode.SHARED)))
                .isEqualTo("  pid=1 cmd=a\uFFFDb\uFFFD[31m");
    }
}
