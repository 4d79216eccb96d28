package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalTest {
    @ParameterizedTest
    @CsvSource({
        "/dev/pts/0, true",
        "/dev/tty, true",
        "/dev/tty1, true",
        "/dev/console, true",
        "/dev/null, false",
        "pipe:[4711], false",
        "/home/me/dev/tty, false",
        "/dev/consoles, false"
    })
    void knowsATerminalByItsName(String device, boolean terminal) {
        assertThat(Terminal.isName(device)).isEqualTo(terminal);
    }

    @Test
    void takesADescriptorThatIsNotThereForNone() {
        assertThat(Terminal.isAt(999_999, Environment.system())).isFalse();
    }
}
