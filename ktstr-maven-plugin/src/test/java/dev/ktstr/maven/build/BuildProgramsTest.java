package dev.ktstr.maven.build;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildProgramsTest {
    @TempDir
    Path empty;

    @Test
    void theOptionThatIsNamedIsOneThatIsOn() throws Exception {
        BuildPrograms programs = new BuildPrograms(Environment.of(Map.of("PATH", empty.toString()), empty));
        assertThatThrownBy(() -> programs.require(Kconfig.parse("CONFIG_IKCONFIG=y\n")))
                .hasMessageContaining("no program gzip (which CONFIG_IKCONFIG needs)");
    }

    @Test
    void allThatIsMissingIsNamedAtOnce() throws Exception {
        BuildPrograms programs = new BuildPrograms(Environment.of(Map.of("PATH", empty.toString()), empty));
        assertThatThrownBy(() -> programs.require(Kconfig.parse("CONFIG_DEBUG_INFO_BTF=y\n")))
                .hasMessageContaining("KT-BUILD-01")
                .hasMessageContaining("no program make, no program gcc,")
                .hasMessageContaining("no program pahole (which CONFIG_DEBUG_INFO_BTF needs)")
                .hasMessageNotContaining("gzip")
                .hasMessageContaining("apt-get install make gcc binutils flex bison bc perl util-linux dwarves (");
    }
}
