package dev.ktstr.disk;

import dev.ktstr.os.Filesystems;
import dev.ktstr.os.NativeAccessException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What people call the file system at a path, by the magic numbers of linux/include/uapi/linux/magic.h. */
public final class FilesystemType {
    private static final Map<Long, String> NAMES = Map.ofEntries(
            Map.entry(0x9123683EL, "btrfs"),
            Map.entry(0x58465342L, "xfs"),
            Map.entry(0xEF53L, "ext4"),
            Map.entry(0x01021994L, "tmpfs"),
            Map.entry(0x794C7630L, "overlayfs"),
            Map.entry(0xCA451A4EL, "bcachefs"),
            Map.entry(0xF2F52010L, "f2fs"),
            Map.entry(0x2FC12FC1L, "zfs"),
            Map.entry(0x01021997L, "9p"),
            Map.entry(0x6969L, "NFS"),
            Map.entry(0xFF534D42L, "CIFS"),
            Map.entry(0xFE534D42L, "SMB2"),
            Map.entry(0x00C36400L, "CephFS"),
            Map.entry(0x65735546L, "FUSE"));

    private FilesystemType() {}

    /** Such as {@code xfs}; a description, where the number is not known. */
    public static String nameAt(Path path) throws NativeAccessException {
        Optional<Long> type = Filesystems.typeAt(path);
        return type.map(number -> NAMES.getOrDefault(number, "a file system of type 0x" + Long.toHexString(number)))
                .orElse("an unknown file system");
    }
}
