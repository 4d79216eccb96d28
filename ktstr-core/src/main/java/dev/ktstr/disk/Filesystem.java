package dev.ktstr.disk;

import java.util.List;
import java.util.Locale;

/** What a disk is formatted with. */
public enum Filesystem {
    /** Nothing: all zeros. */
    RAW("", "", "", 0, "", 1, 0),
    /** The magic is 64 bytes into the superblock, that at 64 KiB (linux/include/uapi/linux/btrfs_tree.h): {@code _BHRfS_M}. */
    BTRFS("mkfs.btrfs", "btrfs-progs", "-f", 0x10040, "5f42485266535f4d", 1, 255),
    /** The superblock begins with {@code XFSB} (linux/fs/xfs/libxfs/xfs_format.h). mkfs.xfs(8) makes none below 300 MiB. */
    XFS("mkfs.xfs", "xfsprogs", "-f", 0, "58465342", 300, 12),
    /** The magic is 56 bytes into the superblock, that at 1 KiB (Documentation/filesystems/ext4/super.rst): 0xEF53. */
    EXT4("mkfs.ext4", "e2fsprogs", "-F", 0x438, "53ef", 1, 16);

    private final String program;
    private final String packageName;
    private final String force;
    private final long magicOffset;
    private final String magic;
    private final long minimumMebibytes;
    private final int longestLabel;

    /**
     * @param packageName of Debian and of Fedora, which agree
     * @param force the option for not asking
     * @param magic in hexadecimal
     */
    Filesystem(
            String program,
            String packageName,
            String force,
            long magicOffset,
            String magic,
            long minimumMebibytes,
            int longestLabel) {
        this.program = program;
        this.packageName = packageName;
        this.force = force;
        this.magicOffset = magicOffset;
        this.magic = magic;
        this.minimumMebibytes = minimumMebibytes;
        this.longestLabel = longestLabel;
    }

    /** As keys and settings say it: {@code raw}, {@code btrfs}, {@code xfs}, {@code ext4}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The program that formats; empty if none does. */
    String program() {
        return program;
    }

    String packageName() {
        return packageName;
    }

    /** What the program is told first; its label option is {@code -L} in all cases. */
    List<String> usualOptions() {
        return List.of("-q", force);
    }

    /** Where a superblock has its magic, in bytes from the start of the disk. */
    public long magicOffset() {
        return magicOffset;
    }

    /** What a superblock is known by, in hexadecimal. */
    public String magic() {
        return magic;
    }

    long minimumMebibytes() {
        return minimumMebibytes;
    }

    /** In bytes; what is longer, one program refuses and another cuts off. */
    int longestLabel() {
        return longestLabel;
    }
}
