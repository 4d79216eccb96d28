package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.ktstr.ErrorCode;
import dev.ktstr.os.HeaderValues;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemoteFilesystemsTest {
    private static final Path FILE = Path.of("/srv/k.lock");

    private static LockUnavailableException refusal(long type) {
        return assertThatExceptionOfType(LockUnavailableException.class)
                .isThrownBy(() -> RemoteFilesystems.refuse(FILE, type))
                .actual();
    }

    @ParameterizedTest
    @CsvSource({
        "0x6969, NFS",
        "0xFF534D42, CIFS/SMB",
        "0xFE534D42, CIFS/SMB",
        "0x00C36400, CephFS",
        "0x6B414653, AFS",
        "0x65735546, FUSE"
    })
    void remoteAndUserSpaceFilesystemsAreRefusedByName(String magic, String name) {
        LockUnavailableException refused = refusal(Long.decode(magic));

        assertThat(refused.code()).isEqualTo(ErrorCode.LOCK_REMOTE);
        assertThat(refused)
                .hasMessageContaining("/srv/k.lock: filesystem " + name + " is not supported for ktstr lockfiles (")
                .hasMessageContaining("KTSTR_CACHE_DIR");
        assertThat(refused.remedy()).contains("tmpfs, ext4, xfs, btrfs, f2fs, bcachefs");
        assertThat(refused.path()).contains(FILE);
    }

    @ParameterizedTest
    @CsvSource({
        "ext4, 0xEF53",
        "xfs, 0x58465342",
        "btrfs, 0x9123683E",
        "tmpfs, 0x01021994",
        "overlayfs, 0x794C7630",
        "f2fs, 0xF2F52010",
        "bcachefs, 0xCA451A4E",
        "v9fs, 0x01021997",
        "unknown, 0x12345678",
        "old AFS constant, 0x5346414F",
        "zero, 0"
    })
    void localAndUnknownOnesPass(String name, String magic) {
        assertThatNoException().as(name).isThrownBy(() -> RemoteFilesystems.refuse(FILE, Long.decode(magic)));
    }

    @Tag("gcc")
    @Test
    void theNumbersAreThoseOfTheKernelsHeaders(@TempDir Path scratch) throws Exception {
        List<String> names = List.of(
                "NFS_SUPER_MAGIC",
                "CIFS_SUPER_MAGIC",
                "SMB2_SUPER_MAGIC",
                "CEPH_SUPER_MAGIC",
                "AFS_FS_MAGIC",
                "FUSE_SUPER_MAGIC");
        List<String> unsigned =
                names.stream().map(name -> "(unsigned int) " + name).toList();

        assertThat(HeaderValues.of("gcc", scratch, unsigned).values())
                .hasSize(6)
                .allSatisfy(RemoteFilesystemsTest::refusal);
    }
}
