package dev.ktstr.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.elf.TestVmlinux;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which modules a guest loads at boot, which when it mounts something, and what modprobe(8) needs for that. */
class GuestModulesTest {
    @TempDir
    Path directory;

    private final List<Path> files = new ArrayList<>();

    private void module(String name, String... info) throws Exception {
        files.add(TestVmlinux.module(directory.resolve("%03d-%s.ko".formatted(files.size(), name)), info));
    }

    /** The archive; the names and texts in it are readable as they are. */
    private String archive() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        GuestModules.read(files).writeTo(new Cpio(bytes));
        return bytes.toString(UTF_8);
    }

    /** What is between the name of a file, with its padding, and the next header. */
    private static String content(String archive, String name) {
        int at = archive.indexOf(name + "\0");
        assertThat(at).as(name).isNotNegative();
        int start = at + name.length();
        int end = archive.indexOf("070701", start);
        return archive.substring(start, end < 0 ? archive.length() : end).replace("\0", "");
    }

    @Test
    void whatOnlyFileSystemsNeedComesWhenTheyAreMounted() throws Exception {
        module("virtio_ring", "depends=");
        module("virtio", "depends=virtio_ring");
        module("libcrc32c", "depends=", "softdep=pre: crc32c");
        module("crc32c-generic", "alias=crc32c", "alias=crypto-crc32c");
        module("xor", "depends=");
        module("btrfs", "alias=fs-btrfs", "depends=libcrc32c,xor", "softdep=pre: blake2b-256");
        module("xfs", "alias=fs-xfs", "depends=libcrc32c");
        module("virtio_blk", "depends=virtio,xor", "alias=virtio:d00000002v*");
        String archive = archive();

        assertThat(content(archive, "ktstr/modules/boot"))
                .isEqualTo("virtio_ring.ko\nvirtio.ko\nxor.ko\nvirtio_blk.ko\n");
        assertThat(content(archive, "ktstr/modules/later"))
                .isEqualTo("libcrc32c.ko\ncrc32c-generic.ko\nbtrfs.ko\nxfs.ko\n");
        assertThat(content(archive, "ktstr/modules/modules.dep").lines())
                .contains(
                        "virtio_ring.ko:",
                        "virtio.ko: virtio_ring.ko",
                        "virtio_blk.ko: xor.ko virtio.ko virtio_ring.ko", // what is to be loaded first comes last
                        "btrfs.ko: xor.ko libcrc32c.ko",
                        "libcrc32c.ko:", // what it only prefers may refuse to be loaded
                        "xfs.ko: libcrc32c.ko");
        assertThat(content(archive, "ktstr/modules/modules.alias").lines())
                .contains("alias fs_btrfs btrfs", "alias fs_xfs xfs", "alias crc32c crc32c_generic")
                .noneMatch(line -> line.contains("*"));
        assertThat(content(archive, "etc/filesystems")).isEqualTo("btrfs\nxfs\n");
    }

    @Test
    void aKernelWithoutModulesHasEmptyLists() throws Exception {
        String archive = archive();
        for (String name : List.of("boot", "later", "modules.dep", "modules.alias")) {
            assertThat(content(archive, "ktstr/modules/" + name)).isEmpty();
        }
        assertThat(content(archive, "etc/filesystems")).isEmpty();
    }

    @Test
    void modulesThatNeedEachOtherDoNotGoRoundForEver() throws Exception {
        module("a", "depends=b", "alias=fs-ext4");
        module("b", "depends=a");
        assertThat(content(archive(), "ktstr/modules/later")).isEqualTo("a.ko\nb.ko\n");
    }
}
