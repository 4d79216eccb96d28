package dev.ktstr.lock;

import dev.ktstr.ErrorCode;
import java.nio.file.Path;
import java.util.Map;

/**
 * File systems on which {@code flock(2)} does not, or may not, exclude other hosts or other processes. The magic
 * numbers are those of linux/include/uapi/linux/magic.h, and of the kernel's cifs, ceph and afs sources.
 */
final class RemoteFilesystems {
    private record Remote(String name, String reason) {}

    private static final Remote CIFS =
            new Remote("CIFS/SMB", "its locks do not appear in /proc/locks, so holders cannot be named");

    private static final Map<Long, Remote> DENIED = Map.of(
            0x6969L,
            new Remote("NFS", "flock becomes a byte-range lock there, or stays on this host only"),
            0xFF53_4D42L,
            CIFS,
            0xFE53_4D42L,
            CIFS,
            0x00C3_6400L,
            new Remote("CephFS", "flock is not serialised between nodes there"),
            0x6B41_4653L,
            new Remote("AFS", "it has no flock"),
            0x6573_5546L,
            new Remote("FUSE", "what flock does there depends on the user-space server"));

    private RemoteFilesystems() {}

    /** Anything that is not on the list, known or not, is let through. */
    static void refuse(Path lockFile, long filesystemType) throws LockUnavailableException {
        Remote remote = DENIED.get(filesystemType);
        if (remote != null) {
            throw new LockUnavailableException(
                    ErrorCode.LOCK_REMOTE,
                    lockFile + ": filesystem " + remote.name + " is not supported for ktstr lockfiles (" + remote.reason
                            + ").",
                    lockFile,
                    "move the lock file to a local file system (tmpfs, ext4, xfs, btrfs, f2fs, bcachefs): point"
                            + " KTSTR_CACHE_DIR at a directory there",
                    null);
        }
    }
}
