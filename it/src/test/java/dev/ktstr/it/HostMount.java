package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file system of its own, mounted for one test. Needs root and loop devices. */
record HostMount(Kind kind, Path path, List<Path> mounted) implements AutoCloseable {
    /** What is mounted, and whether files on it can share blocks. */
    enum Kind {
        BTRFS(true, "mkfs.btrfs -q"),
        XFS(true, "mkfs.xfs -q -m reflink=1"),
        XFS_WITHOUT_REFLINK(false, "mkfs.xfs -q -m reflink=0"),
        EXT4(false, "mkfs.ext4 -q -F"),
        TMPFS(false, ""),
        OVERLAY_OVER_XFS(true, "mkfs.xfs -q -m reflink=1");

        final boolean canShare;
        private final String mkfs;

        Kind(boolean canShare, String mkfs) {
            this.canShare = canShare;
            this.mkfs = mkfs;
        }
    }

    /** @param directory an empty one, for the image and the mount points */
    static HostMount of(Kind kind, Path directory) throws IOException, InterruptedException {
        Path path = Files.createDirectory(directory.resolve("mount"));
        HostMount mount = new HostMount(kind, path, new ArrayList<>());
        switch (kind) {
            case TMPFS -> mount.mount("-t", "tmpfs", "-o", "size=3g,mode=755", "tmpfs", path.toString());
            case OVERLAY_OVER_XFS -> {
                Path lower = Files.createDirectory(directory.resolve("xfs"));
                mount.mountImage(directory.resolve("image"), lower);
                for (String each : List.of("lower", "upper", "work")) {
                    Files.createDirectory(lower.resolve(each));
                }
                String layers = "lowerdir=%1$s/lower,upperdir=%1$s/upper,workdir=%1$s/work".formatted(lower);
                mount.mount("-t", "overlay", "overlay", "-o", layers, path.toString());
            }
            default -> mount.mountImage(directory.resolve("image"), path);
        }
        return mount;
    }

    private void mountImage(Path image, Path where) throws IOException, InterruptedException {
        Commands.run("truncate", "-s", "6G", image.toString());
        List<String> mkfs = new ArrayList<>(List.of(kind.mkfs.split(" ", -1)));
        mkfs.add(image.toString());
        Commands.run(mkfs.toArray(String[]::new));
        mount("-o", "loop", image.toString(), where.toString());
    }

    private void mount(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        Commands.run(command.toArray(String[]::new));
        mounted.add(0, Path.of(arguments[arguments.length - 1]));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        AssertionError first = null;
        for (Path each : mounted) {
            try {
                Commands.run("umount", each.toString());
            } catch (AssertionError busy) {
                first = first == null ? busy : first;
                Commands.run(
                        "umount", "-l", each.toString()); // and its loop device with it, when nobody uses it any more
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
