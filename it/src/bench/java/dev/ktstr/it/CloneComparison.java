package dev.ktstr.it;

import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Template;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Disks for tests from a template. */
final class CloneComparison implements Comparison {
    private static final int BLOCK = 4096;
    private static final int MOST_EXTENTS = 10_000;
    private static final long LARGEST = 256L << 10;

    @Override
    public String name() {
        return "clone";
    }

    @Override
    public String title() {
        return "Clone a template for a test";
    }

    @Override
    public String method() {
        return """
                `DiskTemplates.newDisk` and `close`, in a JVM that has done it for a second, from a btrfs template of 256 MiB on a loop
                mount of btrfs and of xfs. Against the bare system calls in a loop in C (open the template, open with `O_TMPFILE`, `ioctl FICLONE`,
                close both), and against `cp --reflink=always` and the removal of its copy, a process each. Templates are in the page cache; nobody forces anything to disk.

                Without shared blocks (ext4): a btrfs template of 1 GiB in which 4.6 MB are used, against `cp --sparse=always` and the removal of its copy.

                Extents are single blocks of 4 KiB, with holes between, that were written into the template.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        sharing(laboratory, results, HostMount.Kind.BTRFS);
        if (laboratory.effort() == Effort.SMOKE) {
            return;
        }
        sharing(laboratory, results, HostMount.Kind.XFS);
        copying(laboratory, results);
    }

    private static void sharing(Laboratory laboratory, Results results, HostMount.Kind kind) throws Exception {
        String on = kind.name().toLowerCase(Locale.ROOT);
        Path root = laboratory.newDirectory(kind);
        Disk disk = Disk.of(laboratory, root, 256);
        Disk largest = Disk.of(laboratory, root, LARGEST);
        List<Pair> bare = new ArrayList<>();
        List<Pair> cp = new ArrayList<>();
        List<Pair> capacity = new ArrayList<>();
        laboratory.everyRound(() -> {
            double ours = disk.ours();
            bare.add(new Pair(ours, disk.bare()));
            cp.add(new Pair(ours, disk.cp("--reflink=always")));
            capacity.add(new Pair(largest.ours(), ours));
        });
        results.figure(() -> new Figure(
                "clone-" + on,
                "`newDisk`, `close` on " + on,
                "the bare system calls in C",
                Unit.SECONDS,
                Target.ratio(1.5),
                bare));
        results.figure(() -> new Figure(
                "clone-" + on + "-cp",
                "`newDisk`, `close` on " + on,
                "`cp --reflink=always`",
                Unit.SECONDS,
                Target.ratio(0.1),
                cp));
        results.figure(() -> new Figure(
                "clone-" + on + "-capacity",
                "`newDisk` of 256 GiB on " + on,
                "`newDisk` of 256 MiB",
                Unit.SECONDS,
                Target.ratio(1.1),
                capacity));
        if (laboratory.effort().isWhole()) {
            byCapacity(laboratory, results, on, root);
            byExtents(laboratory, results, on);
        }
    }

    private static void byCapacity(Laboratory laboratory, Results results, String on, Path root) throws Exception {
        SortedMap<Long, List<Pair>> found = new TreeMap<>();
        for (long mebibytes = 256; mebibytes <= LARGEST; mebibytes *= 32) {
            Disk disk = Disk.of(laboratory, root, mebibytes);
            found.put(mebibytes, laboratory.points(disk::ours, disk::bare));
        }
        results.chart(() -> chart("clone-" + on + "-capacity", "Clones on " + on + " by capacity", "MiB", found));
    }

    private static void byExtents(Laboratory laboratory, Results results, String on) throws Exception {
        SortedMap<Long, List<Pair>> found = new TreeMap<>();
        for (long extents = 10; extents <= MOST_EXTENTS; extents *= 10) {
            Path root = laboratory.newDirectory(HostMount.Kind.valueOf(on.toUpperCase(Locale.ROOT)));
            Disk disk = Disk.of(laboratory, root, 256);
            try (RandomAccessFile image = new RandomAccessFile(disk.template.toFile(), "rw")) {
                for (long i = 0; i < extents; i++) {
                    image.seek((128L << 20) + 2 * i * BLOCK); // in the second half, where mkfs leaves all empty
                    image.write(new byte[BLOCK]);
                }
                image.getFD().sync();
            }
            found.put(extents, laboratory.points(disk::ours, disk::bare));
        }
        results.chart(() -> chart("clone-" + on + "-extents", "Clones on " + on + " by extents", "extents", found));
    }

    private static void copying(Laboratory laboratory, Results results) throws Exception {
        Disk disk = Disk.of(laboratory, laboratory.newDirectory(HostMount.Kind.EXT4), 1024);
        List<Pair> pairs = laboratory.pairs(disk::ours, () -> disk.cp("--sparse=always"));
        results.figure(() -> new Figure(
                "clone-without-reflink",
                "`newDisk`, `close` on ext4",
                "`cp --sparse=always`",
                Unit.SECONDS,
                Target.ratio(1),
                pairs));
    }

    private static Chart chart(String name, String title, String along, SortedMap<Long, List<Pair>> found) {
        List<Chart.Point> ours = new ArrayList<>();
        List<Chart.Point> bare = new ArrayList<>();
        found.forEach((at, pairs) -> {
            ours.add(new Chart.Point(at, Spread.of(pairs, Pair::ours)));
            bare.add(new Chart.Point(at, Spread.of(pairs, Pair::peer)));
        });
        return new Chart(
                name,
                title,
                along,
                Unit.SECONDS,
                List.of(new Chart.Line("newDisk, close", ours), new Chart.Line("C, system calls", bare)));
    }

    /** A disk of one size in one store, and its template. */
    private record Disk(Laboratory laboratory, Path root, long mebibytes, Path template) {
        static Disk of(Laboratory laboratory, Path root, long mebibytes) throws Exception {
            DiskSpec spec = NewDisk.spec(mebibytes);
            Template template = DiskTemplates.at(root).ensure(spec);
            return new Disk(laboratory, root, mebibytes, template.image());
        }

        double ours() throws Exception {
            return Jmh.seconds(
                    laboratory.effort(),
                    NewDisk.class,
                    "make",
                    Map.of("root", root.toString(), "mebibytes", Long.toString(mebibytes)));
        }

        double bare() throws Exception {
            return Laboratory.number(
                    laboratory.program("floors.c").toString(), "clone", template.toString(), root.toString());
        }

        double cp(String how) throws Exception {
            Path copy = root.resolve("copy");
            double seconds = Laboratory.time("cp", how, template.toString(), copy.toString());
            long begin = System.nanoTime();
            Files.delete(copy);
            return seconds + (System.nanoTime() - begin) / 1e9;
        }
    }
}
