package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.Modules;
import dev.ktstr.disk.Filesystem;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequirementsTest {
    private static final List<File> PACKAGES = List.of(new File("a.deb"));

    private static RequiredKernel kernel(String text) {
        RequiredKernel kernel = new RequiredKernel();
        kernel.set(text);
        return kernel;
    }

    private static DiskNeed disk(String text) throws Exception {
        RequiredDisk disk = new RequiredDisk();
        disk.set(text);
        return disk.read();
    }

    @Test
    void textIsASelector() throws Exception {
        KernelNeed need = kernel(" 6.1..6.12\n").read();
        assertThat(need.selector()).map(Object::toString).contains("6.1..6.12");
        assertThat(need.hasSource()).isFalse();
    }

    @Test
    void elementsSayWhereItComesFrom() throws Exception {
        RequiredKernel kernel = Goals.with(new RequiredKernel(), "packages", PACKAGES);
        assertThat(kernel.read().selector()).isEmpty();
        assertThat(kernel.read().modules()).isEqualTo(Modules.BOOT);

        Goals.with(Goals.with(Goals.with(kernel, "selector", "6.1"), "modules", "none"), "key", "k");
        assertThat(kernel.read().packages()).containsExactly(Path.of("a.deb"));
        assertThat(kernel.read().modules()).isEqualTo(Modules.NONE);
        assertThat(kernel.read().key()).contains("k");
        assertThat(kernel.read().source()).isEqualTo("a.deb");
    }

    @Test
    void refusesContradictions() throws Exception {
        assertThatThrownBy(() -> new RequiredKernel().read()).hasMessageContaining("KT-ARG-01  reading a kernel of");
        RequiredKernel two = Goals.with(new RequiredKernel(), "packages", PACKAGES);
        Goals.with(two, "kernelTree", new File("linux"));
        assertThatThrownBy(two::read).hasMessageContaining("comes from packages, and from kernelTree");
        RequiredKernel none = Goals.with(kernel("6.1"), "modules", "none");
        assertThatThrownBy(none::read).hasMessageContaining("there is nothing to store it from");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "6.12..6.1", ".."})
    void refusesSelectorsThatAreNone(String text) {
        assertThatThrownBy(kernel(text)::read).hasMessageContaining("KT-KEY-02");
    }

    @Test
    void refusesChoicesAndKeysThatCannotBe() throws Exception {
        RequiredKernel some = Goals.with(Goals.with(new RequiredKernel(), "packages", PACKAGES), "modules", "some");
        assertThatThrownBy(some::read).hasMessageContaining("KT-ENV-03").hasMessageContaining("none, boot and all");
        for (String key : List.of("a,b", "a ")) {
            RequiredKernel kernel = Goals.with(new RequiredKernel(), "packages", PACKAGES);
            Goals.with(kernel, "key", key);
            assertThatThrownBy(kernel::read).hasMessageContaining("KT-KEY-01").hasMessageContaining("\"" + key + "\"");
        }
    }

    @ParameterizedTest
    @CsvSource({"xfs:300M,XFS,300", "ext4,EXT4,512", "' btrfs : 1GiB ',BTRFS,1024", "XFS:1G,XFS,1024"})
    void readsDisks(String text, Filesystem filesystem, long mebibytes) throws Exception {
        DiskNeed need = disk(text);
        assertThat(need.spec().filesystem()).isEqualTo(filesystem);
        assertThat(need.spec().size()).isEqualTo(mebibytes << 20);
        assertThat(need.formatter()).isEqualTo(TemplateMaker.Formatter.HOST);
    }

    @Test
    void readsElementsOfADisk() throws Exception {
        RequiredDisk disk = new RequiredDisk();
        assertThatThrownBy(disk::read).hasMessageContaining("it is empty");
        Goals.with(Goals.with(Goals.with(disk, "size", "64M"), "label", "scratch"), "formatter", "vm");
        assertThat(disk.read().spec()).hasToString("ext4, 64.0 MiB, label scratch");
        assertThat(disk.read().formatter()).isEqualTo(TemplateMaker.Formatter.VM);
    }

    @Test
    void refusesDisksThatCannotBe() throws Exception {
        assertThatThrownBy(() -> disk("zfs:1G"))
                .hasMessageContaining("KT-ENV-03")
                .hasMessageContaining("\"zfs\"");
        assertThatThrownBy(() -> disk("raw:1G")).hasMessageContaining("ext4, xfs or btrfs");
        assertThatThrownBy(() -> disk("xfs:")).hasMessageContaining("KT-DISK-01");
        assertThatThrownBy(() -> disk("xfs:16M"))
                .hasMessageContaining("reading disk \"xfs:16M\"")
                .hasMessageContaining("xfs takes at least 300 MiB");
        assertThatThrownBy(() -> disk("ext4-256M")).hasMessageContaining("write file system and size like ext4:256M");
        RequiredDisk cloud = Goals.with(Goals.with(new RequiredDisk(), "size", "64M"), "formatter", "cloud");
        assertThatThrownBy(cloud::read).hasMessageContaining("formatter of a disk in ktstr.disks");
    }
}
