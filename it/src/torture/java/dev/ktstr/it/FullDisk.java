package dev.ktstr.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A small file system that is nearly full, of bytes or of inodes, while its store is used. There is a little left, each time
 * another amount, so that every step of a store, a template and a clean meets the end.
 */
final class FullDisk {
    /** What is short. */
    enum Kind {
        EXT4_SPACE("ext4 without space", false, 100 << 10),
        TMPFS_SPACE("tmpfs without space", false, 100 << 10),
        EXT4_INODES("ext4 without inodes", true, 7),
        TMPFS_INODES("tmpfs without inodes", true, 7);

        private final String title;
        private final boolean inodes;
        private final int most;

        Kind(String title, boolean inodes, int most) {
            this.title = title;
            this.inodes = inodes;
            this.most = most;
        }
    }

    private static final int REMOVAL = 3;
    private static final int CHUNK = 1 << 20;
    private static final int BLOCK = 1 << 10;

    private final Kind kind;
    private final Random random;
    private final MarkedKernel kernel;
    private final Path mount;
    private final Path scratch;
    private final Path root;
    private final StoreUser user;
    private final Path fillers;

    private FullDisk(Kind kind, Random random, MarkedKernel kernel, Path mount, Path scratch) throws IOException {
        this.mount = mount;
        this.kind = kind;
        this.random = random;
        this.kernel = kernel;
        this.scratch = scratch;
        this.root = mount.resolve("kernels");
        this.user = new StoreUser(root, kernel, scratch);
        this.fillers = Files.createDirectories(mount.resolve("fillers"));
    }

    static void run(Arena arena, MarkedKernel kernel, Trials trials) throws Exception {
        for (Kind kind : Kind.values()) {
            Path directory = arena.newDirectory();
            Path mount = Files.createDirectory(directory.resolve("mount"));
            if (kind.name().startsWith("TMPFS")) {
                String limit = kind.inodes ? "nr_inodes=200" : "size=24m";
                Commands.run("mount", "-t", "tmpfs", "-o", limit, "tmpfs", mount.toString());
            } else {
                String image = directory.resolve("image").toString();
                Commands.run("truncate", "-s", "32M", image);
                Commands.run(
                        "mkfs.ext4", "-q", "-F", "-m", "0", "-b", "1024", "-N", kind.inodes ? "128" : "2048", image);
                Commands.run("mount", "-o", "loop", image, mount.toString());
            }
            try {
                FullDisk disk = new FullDisk(
                        kind, arena.random(), kernel, mount, Files.createDirectory(directory.resolve("scratch")));
                for (int i = 0; i < arena.extent().of(25, 500); i++) {
                    disk.trial(i, trials);
                }
            } finally {
                Commands.run("umount", mount.toString());
            }
        }
    }

    private void trial(int number, Trials trials) throws Exception {
        List<String> problems = new ArrayList<>();
        require(problems, user.store("old", LoadMain.generation(random)));
        require(problems, number % 2 == 0 ? user.ensureTemplate() : user.removeTemplates());
        String old = user.ledger().possible("old").iterator().next();
        int left = random.nextInt(kind.most);
        fill(left);
        Attempt attempt = switch (number % 5) {
            case 0 -> user.store("old", LoadMain.generation(random));
            case 1 -> user.ensureTemplate();
            case 2 -> user.newDisk();
            case REMOVAL -> random.nextBoolean() ? user.remove("old") : user.removeTemplates();
            default -> user.store("new", LoadMain.generation(random));
        };
        requireClear(problems, attempt);
        user.debris().forEach(name -> problems.add(name + " is left on the full disk"));
        StoreUser newcomer = new StoreUser(mount.resolve("new"), kernel, scratch);
        newcomer.prepareBuild().forEach(each -> requireClear(problems, each));
        requireClear(problems, number % 2 == 0 ? newcomer.store("new", old) : newcomer.newDisk());
        requireClear(problems, newcomer.sweep());
        if (user.ledger().possible("old").contains(old) && number % 5 != REMOVAL && number % 5 != 0) {
            Attempt lease = user.lease("old");
            if (!lease.succeeded() || !old.equals(lease.value())) {
                problems.add("an old entry cannot be used: " + lease.describe());
            }
        }
        openOn(mount).forEach(file -> problems.add(file + " is still open"));
        empty();
        problems.addAll(new Inspection(mount.resolve("new"))
                .readAgainst(newcomer.ledger())
                .problems());
        Commands.run("rm", "-rf", mount.resolve("new").toString());
        Inspection inspection = new Inspection(root)
                .readAgainst(user.ledger())
                .use(kernel, "new", LoadMain.generation(random), scratch);
        user.ledger().found(inspection.found());
        problems.addAll(inspection.problems());
        boolean removal = number % 5 == REMOVAL;
        if (removal && !attempt.succeeded()) {
            problems.add("nothing can be removed from a full disk: " + attempt.describe());
        }
        String name = kind.title + (removal ? ": removed" : ": refused");
        if (attempt.succeeded() != removal) {
            trials.unfired(name);
        } else {
            trials.fired(name);
        }
        problems.forEach(problem -> trials.violation(
                name, problem + " (trial " + number + ", " + left + " left, " + attempt.describe() + ")"));
    }

    private void fill(int left) throws IOException {
        if (kind.inodes) {
            int files = 0;
            try {
                while (true) {
                    Files.createFile(fillers.resolve("f" + files));
                    files++;
                }
            } catch (IOException full) {
                for (int i = 0; i < Math.min(left, files); i++) {
                    Files.delete(fillers.resolve("f" + i));
                }
            }
            return;
        }
        try (FileChannel filler =
                FileChannel.open(fillers.resolve("filler"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int size = CHUNK; size >= BLOCK; size /= 32) {
                try {
                    while (true) {
                        filler.write(ByteBuffer.allocate(size), filler.size());
                    }
                } catch (IOException full) {
                    // the next smaller size may still fit
                }
            }
            filler.truncate(Math.max(0, filler.size() - left));
            filler.force(true); // ext4 gives the blocks back only now
        }
    }

    private void empty() throws Exception {
        Commands.run("sh", "-c", "rm -f \"$1\"/*; sync -f \"$1\"", "sh", fillers.toString());
    }

    private static List<String> openOn(Path mount) throws IOException {
        List<String> open = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                try {
                    String target = Files.readSymbolicLink(each).toString();
                    if (target.startsWith(mount + "/")) {
                        open.add(target);
                    }
                } catch (NoSuchFileException closed) {
                    // as is the one of this very list
                }
            }
        }
        return open;
    }

    private static void requireClear(List<String> problems, Attempt attempt) {
        if (!attempt.isClear()) {
            problems.add("no clear error: " + attempt.describe());
        }
    }

    private static void require(List<String> problems, Attempt attempt) {
        if (!attempt.succeeded()) {
            problems.add("before: " + attempt.describe());
        }
    }
}
