package dev.ktstr.disk;

import dev.ktstr.os.Filesystems;
import dev.ktstr.os.NativeAccessException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What people call the file system at a path, by the magic numbers of linux/include/uapi/linux/magic.h. */
final class FilesystemType {
    private static final Map<Long, String> NAMES = Map.of(
            0x9123683EL, "btrfs",
            0x58465342L, "xfs",
            0xEF53L, "ext4",
            0x01021994L, "tmpfs",
            0x794C7630L, "overlayfs",
            0xCA451A4EL, "bcachefs",
            0xF2F52010L, "f2fs",
            0x2FC12FC1L, "zfs");

    private FilesystemType() {}

    static String nameAt(Path path) throws NativeAccessException {
        Optional<Long> type = Filesystems.typeAt(path);
        return type.map(number -> NAMES.getOrDefault(number, "a file system of type 0x" + Long.toHexString(number)))
                .orElse("an unknown file system");
    }
}
