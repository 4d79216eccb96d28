package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileClone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Fills an empty file with a template, sharing its blocks where that can be done. */
final class DiskCloner {
    private static final String REMEDY =
            "to have them shared, put templates and disks on one btrfs, or one xfs made with reflink=1 (KTSTR_CACHE_DIR,"
                    + " KTSTR_DISK_DIR)";

    private final Environment environment;
    private final EventSink events;

    DiskCloner(Environment environment, EventSink events) {
        this.environment = environment;
        this.events = events;
    }

    /**
     * Clones.
     *
     * @param directory where the target lies, for messages
     * @throws DiskException in mode {@link CloneMode#REFLINK}, if blocks cannot be shared
     */
    CloneKind clone(Fd template, Fd target, DiskSpec spec, Path image, Path directory) throws IOException {
        CloneKind kind = fill(template, target, spec, image, directory);
        long size = target.stat().size();
        if (size != spec.size()) {
            throw new DiskException(
                    ErrorCode.CLONE_WRONG,
                    "cloning " + image + ": the clone has " + size + " bytes instead of " + spec.size(),
                    directory,
                    "the file system there is at fault, or something changes the template: see the kernel's log (dmesg)");
        }
        return kind;
    }

    /** Tried every time: that costs some microseconds, and what is mounted at a path may be another file system by now. */
    private CloneKind fill(Fd template, Fd target, DiskSpec spec, Path image, Path directory) throws IOException {
        Optional<Errno> obstacle = FileClone.share(template, target);
        if (obstacle.isEmpty()) {
            return CloneKind.REFLINK;
        }
        if (spec.cloneMode() == CloneMode.REFLINK) {
            throw impossible(obstacle.get(), image, directory);
        }
        if (environment.firstTime("no reflink in " + directory)) {
            events.accept(new KtstrEvent.Warning("disks are copied instead of sharing the blocks of their template: "
                    + why(obstacle.get(), image, directory) + "; " + REMEDY));
        }
        FileClone.copySparse(template, target, spec.size());
        return CloneKind.COPY;
    }

    private static DiskException impossible(Errno errno, Path image, Path directory) throws IOException {
        return new DiskException(
                ErrorCode.REFLINK_IMPOSSIBLE,
                "cloning " + image + " by sharing its blocks (FICLONE) into " + directory + ": "
                        + why(errno, image, directory),
                directory,
                REMEDY + ", or allow a copy: clone mode AUTO");
    }

    private static String why(Errno errno, Path image, Path directory) throws IOException {
        String there = FilesystemType.nameAt(directory);
        String reason = switch (errno) {
            case EXDEV -> "the template is on another file system (" + FilesystemType.nameAt(image) + ")";
            case EINVAL ->
                "the file system refuses these two files, which btrfs does when one of them, or the directory it"
                        + " was made in, has the attribute C, no copy-on-write (lsattr -d, chattr -C)";
            default ->
                there.equals("xfs")
                        ? "this xfs was made without reflink (xfs_info says reflink=0)"
                        : "it cannot share blocks";
        };
        return directory + " is on " + there + ", and " + reason + " (" + errno + ")";
    }
}
