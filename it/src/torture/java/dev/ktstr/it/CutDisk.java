package dev.ktstr.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * A file system of its own whose power can be cut while it is in use. Its image lies in memory, so that a trial is quick. After
 * a cut, {@link #mountAgain} shows what the disk has of it.
 */
final class CutDisk implements AutoCloseable {
    /** How the power of a file system is cut. */
    enum Kind {
        /** Its own shutdown, without a flush of the log. */
        EXT4("mkfs.ext4 -q -F", "128M"),
        /** As {@link #EXT4}. */
        XFS("mkfs.xfs -q", "320M"),
        /**
         * It has no shutdown. Its image lies on a file system with reflink, where it is cloned at one moment while it is in use;
         * what btrfs had not written to its disk by then is not in the clone.
         */
        BTRFS("mkfs.btrfs -q", "256M");

        private final String mkfs;
        private final String size;

        Kind(String mkfs, String size) {
            this.mkfs = mkfs;
            this.size = size;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int ATTEMPTS = 500;
    private static final int PAUSE_MILLIS = 20;

    private final Kind kind;
    private final Path program;
    private final Path memory;
    private final Path below;
    private final Path mount;
    private Path image;
    private int clones;

    private CutDisk(Kind kind, Path program, Path directory) throws IOException {
        this.kind = kind;
        this.program = program;
        this.memory = Files.createDirectory(directory.resolve("memory"));
        this.below = Files.createDirectory(directory.resolve("below"));
        this.mount = Files.createDirectory(directory.resolve("mount"));
        this.image = (kind == Kind.BTRFS ? below : memory).resolve("image");
    }

    /** @param directory an empty one */
    static CutDisk make(Kind kind, Path program, Path directory) throws IOException, InterruptedException {
        CutDisk disk = new CutDisk(kind, program, directory);
        try {
            Commands.run("mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", disk.memory.toString());
            if (kind == Kind.BTRFS) {
                Path xfs = disk.memory.resolve("xfs");
                format("mkfs.xfs -q -m reflink=1", "1G", xfs);
                Commands.run("mount", "-o", "loop", xfs.toString(), disk.below.toString());
            }
            format(kind.mkfs, kind.size, disk.image);
            disk.mount();
            return disk;
        } catch (IOException | InterruptedException | RuntimeException | AssertionError failed) {
            disk.close();
            throw failed;
        }
    }

    /** Compiles the program that cuts. */
    static Path compile(Path directory) throws IOException, InterruptedException {
        Path program = directory.resolve("cut");
        Peer.compile("gcc", "../../torture/c/cut.c", program, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror");
        return program;
    }

    Path path() {
        return mount;
    }

    /** A cut that is ready to happen. */
    Cut prepare() throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        if (kind == Kind.BTRFS) {
            String clone = below.resolve("clone" + clones++).toString();
            command.addAll(List.of("clone", image.toString(), clone));
        } else {
            command.addAll(List.of("shutdown", mount.toString()));
        }
        return Cut.prepare(command);
    }

    /** The program that waits for the moment. */
    record Cut(Process process) {
        static Cut prepare(List<String> command) throws IOException {
            Process process = Commands.start(command);
            for (char expected : "ready\n".toCharArray()) {
                if (process.getInputStream().read() != expected) {
                    throw new IOException(command + " did not get ready");
                }
            }
            return new Cut(process);
        }

        /** What the disk has at this moment is all that it will ever have. */
        void happen() throws IOException, InterruptedException {
            process.getOutputStream().write('\n');
            process.getOutputStream().close();
            String output = Commands.finish(process);
            if (process.exitValue() != 0) {
                throw new IOException("the power was not cut: " + output);
            }
        }
    }

    /**
     * Mounts what is on the disk; for whoever has let go of everything on it.
     *
     * @return whether nobody had kept anything open; no other mount namespace, of a container say, may have been made meanwhile:
     *     in its copy of our mount the file system as it was lives on
     */
    boolean mountAgain() throws IOException, InterruptedException {
        boolean free = (!isMounted(mount) || unmount(mount)) && isDetached();
        if (kind == Kind.BTRFS) {
            Files.delete(image);
            image = below.resolve("clone" + (clones - 1));
        }
        mount();
        return free;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        for (Path each : List.of(mount, below, memory)) {
            if (isMounted(each)) {
                unmount(each);
            }
        }
    }

    private void mount() throws IOException, InterruptedException {
        Commands.run("mount", "-o", "loop", image.toString(), mount.toString());
    }

    private static void format(String mkfs, String size, Path image) throws IOException, InterruptedException {
        Commands.run("truncate", "-s", size, image.toString());
        Commands.run("sh", "-c", mkfs + " \"$1\" 2>&1", "sh", image.toString());
    }

    /** Whether the last that used the file system has gone: only then does a mount show what is on the disk. */
    private boolean isDetached() throws IOException, InterruptedException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (Commands.run("losetup", "--associated", image.toString()).isEmpty()) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        return false;
    }

    private static boolean isMounted(Path path) throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)
                .contains(" " + path + " ");
    }

    /** The kernel may still be busy with what a process had open that has just ended. */
    private static boolean unmount(Path path) throws IOException, InterruptedException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Process process = new ProcessBuilder("umount", path.toString())
                    .redirectErrorStream(true)
                    .start();
            process.getInputStream().readAllBytes();
            if (process.waitFor() == 0) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        Commands.run("umount", "-l", path.toString());
        return false;
    }
}
