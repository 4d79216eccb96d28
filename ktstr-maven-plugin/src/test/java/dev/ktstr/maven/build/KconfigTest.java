package dev.ktstr.maven.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class KconfigTest {
    @Test
    void readsWhatIsSetAndWhatIsNot() {
        Kconfig config = Kconfig.parse("""
                # Linux/x86 6.1.0 Kernel Configuration
                CONFIG_A=y
                CONFIG_B=m
                # CONFIG_C is not set
                CONFIG_D="a = b"
                CONFIG_E=0x10
                CONFIG_F=n
                """);
        assertThat(config.options())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "CONFIG_A", "y",
                        "CONFIG_B", "m",
                        "CONFIG_C", "n",
                        "CONFIG_D", "\"a = b\"",
                        "CONFIG_E", "0x10",
                        "CONFIG_F", "n"));
        assertThat(config.value("CONFIG_ABSENT")).isEqualTo("n");
    }

    @Test
    void theLastLineAboutAnOptionCounts() {
        assertThat(Kconfig.parse("CONFIG_A=y\n# CONFIG_A is not set\n").isOn("CONFIG_A"))
                .isFalse();
        assertThat(Kconfig.parse("CONFIG_A=y\nCONFIG_A=m\n").value("CONFIG_A")).isEqualTo("m");
    }

    @Test
    void whatIsOffMayBeMissing() {
        Kconfig config = Kconfig.parse("CONFIG_A=m\nCONFIG_TEXT=\"x\"\n");
        assertThat(config.has("CONFIG_A", "m")).isTrue();
        assertThat(config.has("CONFIG_A", "y")).isFalse();
        assertThat(config.has("CONFIG_A", "n")).isFalse();
        assertThat(config.has("CONFIG_ABSENT", "n")).isTrue();
        assertThat(config.has("CONFIG_ABSENT", "\"\"")).isTrue();
        assertThat(config.has("CONFIG_TEXT", "\"\"")).isFalse();
    }

    @Test
    void whatIsMergedComesLastAndOnce() {
        String base = "# a heading\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_AB=y\n";
        assertThat(Kconfig.parse("CONFIG_B=m\nCONFIG_A=n\n").mergedInto(base))
                .isEqualTo("# a heading\nCONFIG_AB=y\nCONFIG_B=m\n# CONFIG_A is not set\n");
    }

    @Test
    void theOtherOnesOptionsWin() {
        Kconfig both = Kconfig.parse("CONFIG_A=y\nCONFIG_B=y\n").with(Kconfig.parse("# CONFIG_A is not set\n"));
        assertThat(both.options().entrySet().toString()).isEqualTo("[CONFIG_B=y, CONFIG_A=n]");
    }

    @Test
    void saysWhichLineIsNoOption() {
        assertThat(Kconfig.objection("# anything\n\n  CONFIG_A=y\n# CONFIG_B is not set\n"))
                .isEmpty();
        assertThat(Kconfig.objection("CONFIG_A=y\nA=y\n")).contains("line 2, \"A=y\"");
        assertThat(Kconfig.objection("CONFIG_A = y\n")).contains("line 1, \"CONFIG_A = y\"");
    }
}
