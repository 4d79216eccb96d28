package dev.ktstr.maven.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MakeEnvironmentTest {
    @Test
    void whatNoKeyTellsOfIsRemovedAndNamed() {
        Map<String, String> variables = new HashMap<>();
        for (String name : new String[] {
            "PATH",
            "LOCALVERSION",
            "LLVM",
            "CC",
            "HOSTCC",
            "KCFLAGS",
            "KAFLAGS",
            "KBUILD_OUTPUT",
            "KCONFIG_CONFIG",
            "KBUILD_BUILD_TIMESTAMP",
            "KBUILD_BUILD_USER",
            "KBUILD_BUILD_HOST",
            "MAKEFLAGS",
            "GIT_DIR",
            "CCACHE_DIR"
        }) {
            variables.put(name, "1");
        }
        assertThat(MakeEnvironment.clean(variables))
                .containsExactly(
                        "CC",
                        "HOSTCC",
                        "KAFLAGS",
                        "KBUILD_OUTPUT",
                        "KCFLAGS",
                        "KCONFIG_CONFIG",
                        "LLVM",
                        "LOCALVERSION");
        assertThat(variables)
                .containsOnlyKeys(
                        "PATH",
                        "KBUILD_BUILD_TIMESTAMP",
                        "KBUILD_BUILD_USER",
                        "KBUILD_BUILD_HOST",
                        "CCACHE_DIR",
                        "LC_ALL");
    }
}
