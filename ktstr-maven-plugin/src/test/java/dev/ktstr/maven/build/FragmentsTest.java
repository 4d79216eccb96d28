package dev.ktstr.maven.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.SourceTree;
import dev.ktstr.os.Machine;
import java.nio.charset.StandardCharsets;
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
        assertThat(fragments.wanted(Kconfig.parse("")).value("CONFIG_XFS_FS")).isEqualTo("m");
        assertThat(fragments.wanted(Kconfig.parse("")).isOn("CONFIG_BTRFS_FS")).isFalse();
        assertThat(fragments.wanted(Kconfig.parse("")).value("CONFIG_EXT4_FS")).isEqualTo("y");
    }

    @Test
    void whatIsMissingIsNamedWithWhoWantedItAndWhatItBecame() throws Exception {
        Fragments fragments = with("CONFIG_XFS_FS=m\nCONFIG_HZ=1000\n");
        String config = fragments.wanted(Kconfig.parse("")).mergedInto("");
        assertThat(fragments.missingFrom(Kconfig.parse(config))).isEmpty();
        assertThat(fragments.missingFrom(
                        Kconfig.parse(config + "CONFIG_HZ=250\nCONFIG_EXT4_FS=m\n# CONFIG_XFS_FS is not set\n")))
                .containsExactlyInAnyOrder(
                        "CONFIG_EXT4_FS=y (ktstr) became m",
                        "CONFIG_XFS_FS=m (mine) became n, that is not set",
                        "CONFIG_HZ=1000 (mine) became 250");
    }

    @Test
    void aVersionOfDwarfIsChosenWhereNobodyElseDid() throws Exception {
        String dwarf4 = "CONFIG_DEBUG_INFO_DWARF4";
        Kconfig dwarf5 = Kconfig.parse("CONFIG_DEBUG_INFO_DWARF5=y\n");
        Kconfig none = Kconfig.parse("CONFIG_DEBUG_INFO_NONE=y\n# CONFIG_DEBUG_INFO_DWARF5 is not set\n");
        Fragments ours = Fragments.of(Optional.empty());
        assertThat(ours.wanted(none).isOn(dwarf4)).isTrue();
        assertThat(ours.wanted(dwarf5).isOn(dwarf4)).isFalse();
        assertThat(with("CONFIG_DEBUG_INFO_DWARF5=y\n").wanted(none).isOn(dwarf4))
                .isFalse();
        assertThat(with("CONFIG_DEBUG_INFO_NONE=y\n").wanted(none).isOn(dwarf4)).isFalse();
        assertThat(with(dwarf4 + "=y\n").wanted(dwarf5).isOn(dwarf4)).isTrue();

        String config = ours.wanted(dwarf5).mergedInto("CONFIG_DEBUG_INFO_DWARF5=y\n");
        assertThat(ours.missingFrom(Kconfig.parse(config))).isEmpty();
        assertThat(with(dwarf4 + "=y\n").missingFrom(Kconfig.parse(config)))
                .containsExactly(dwarf4 + "=y (mine) became n, that is not set");
    }

    @Test
    void textsComeBackByteForByteAndAreShownAsTheyWere() throws Exception {
        Fragments fragments = with("CONFIG_LOCALVERSION=\"-Ångström\"\n");
        String config = fragments.wanted(Kconfig.parse("")).mergedInto("");
        assertThat(new String(config.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                .contains("CONFIG_LOCALVERSION=\"-Ångström\"\n");
        assertThat(fragments.missingFrom(Kconfig.parse(config))).isEmpty();
        assertThat(fragments.missingFrom(Kconfig.parse("")))
                .contains("CONFIG_LOCALVERSION=\"-Ångström\" (mine) became n, that is not set");
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
