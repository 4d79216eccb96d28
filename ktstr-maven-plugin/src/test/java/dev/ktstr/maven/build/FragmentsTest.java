package dev.ktstr.maven.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.SourceTree;
import dev.ktstr.os.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentsTest {
    private static final SourceTree.Commit COMMIT = new SourceTree.Commit("0123456789".repeat(4), "0123456");

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64"})
    void oursHasWhatVirtualMachinesNeed(String arch) throws Exception {
        Fragment own = Fragment.own(arch).orElseThrow();
        for (String option : new String[] {"VIRTIO_BLK", "VIRTIO_CONSOLE", "DEVTMPFS", "EXT4_FS", "DEBUG_INFO_BTF"}) {
            assertThat(own.kconfig().value("CONFIG_" + option)).isEqualTo("y");
        }
        assertThat(own.hash()).matches("[0-9a-f]{8}");
        assertThat(Fragments.currentHash(arch)).contains(own.hash());
    }

    @Test
    void anArchitectureWithoutOneHasNoHash() throws Exception {
        assertThat(Fragments.currentHash("s390x")).isEmpty();
        assertThat(Fragments.currentHash("x86_64")).isNotEqualTo(Fragments.currentHash("aarch64"));
    }

    @Test
    void theUsersWins() throws Exception {
        Fragments fragments = with("CONFIG_XFS_FS=m\n# CONFIG_BTRFS_FS is not set\nCONFIG_NET=y\n");
        assertThat(fragments.wanted().value("CONFIG_XFS_FS")).isEqualTo("m");
        assertThat(fragments.wanted().isOn("CONFIG_BTRFS_FS")).isFalse();
        assertThat(fragments.wanted().value("CONFIG_EXT4_FS")).isEqualTo("y");
    }

    @Test
    void whatIsMissingIsNamedWithWhoWantedItAndWhatItBecame() throws Exception {
        Fragments fragments = with("CONFIG_XFS_FS=m\nCONFIG_HZ=1000\n");
        String config = fragments.wanted().mergedInto("");
        assertThat(fragments.missingFrom(Kconfig.parse(config))).isEmpty();
        assertThat(fragments.missingFrom(
                        Kconfig.parse(config + "CONFIG_HZ=250\nCONFIG_EXT4_FS=m\n# CONFIG_XFS_FS is not set\n")))
                .containsExactlyInAnyOrder(
                        "CONFIG_EXT4_FS=y (ktstr) became m",
                        "CONFIG_XFS_FS=m (mine) became n, that is not set",
                        "CONFIG_HZ=1000 (mine) became 250");
    }

    @Test
    void aFileThatIsNoFragmentIsRefused() throws Exception {
        assertThatThrownBy(() -> Fragments.of(Optional.of(directory.resolve("absent"))))
                .hasMessageContaining("ktstr.extraKconfig: there is no such file");
        assertThatThrownBy(() -> with("config A\n\tbool\n"))
                .hasMessageContaining("KT-ENV-03")
                .hasMessageContaining("line 1, \"config A\", is no option");
    }

    @Test
    void theKeyNamesAllThatDecides() throws Exception {
        Fragments fragments = with("CONFIG_NET=y\n");
        String own = fragments.own().hash();
        String start = "local-0123456-" + Machine.arch();
        assertThat(BuildKey.of(COMMIT, fragments, Optional.empty()).text())
                .isEqualTo(start + "-kc" + own + "-xkc"
                        + fragments.extra().orElseThrow().hash());
        assertThat(BuildKey.of(COMMIT, Fragments.of(Optional.empty()), Optional.of("89abcdef"))
                        .text())
                .isEqualTo(start + "-cfg89abcdef-kc" + own);
    }

    private Fragments with(String user) throws Exception {
        return Fragments.of(Optional.of(Files.writeString(directory.resolve("mine"), user)));
    }
}
