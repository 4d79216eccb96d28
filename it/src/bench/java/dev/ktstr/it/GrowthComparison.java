package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** What there can be much of in one store: whether ten times as much takes more than ten times as long. */
final class GrowthComparison implements Comparison {
    private static final int FEW = 100;
    private static final int MOST = 10_000;

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public String title() {
        return "Many entries, orphans and locks";
    }

    @Override
    public String method() {
        return """
                Whether the work grows faster than linearly: the time for 10,000, against ten times the same for 1,000. Each is
                measured in a new JVM, the small one ten times in one call, after the same amount of the same work; everything is in the page cache, where it has just
                been written. It lies on an ext4 made for this: how fast directories are made and removed on an old one depends on its past.

                - *List*: `KernelCache.list`, which reads and checks the metadata of every entry and looks at its files, on a real
                  kernel's entry and copies of it under other keys (`metadata.json` copied, the large files linked: they are not
                  read). Beside it, `find -name metadata.json | xargs cat`, which reads the same files and checks nothing.
                - *Sweep*: `KernelCache.clean` on a store in which as many stores have been killed, of different keys: a staging
                  directory with the first 4 KiB of a boot image, and a lock file that nobody holds. Each lock is taken before
                  anything goes. Beside it, `rm -rf` of the same directories, which asks nobody.
                - *Holders of one lock*, `Flock.holders`, and *of all*, `KernelCache.locks`, while one process in C really holds that
                  many `flock`s on lock files of the store. Both read `/proc/locks`, a page at a time; for each page the kernel passes over
                  all locks before it once more, so that reading it grows faster than linearly. Beside them, `cat /proc/locks`, and
                  `lslocks`, which names the same holders, at 1,000 only: at 10,000 it takes minutes.

                The tools are timed as whole processes, and ours is not: there is no target for them.""";
    }

    /** How long something takes with a number of things, so often, in seconds. */
    private interface Work {
        double take(int count, int times) throws Exception;
    }

    /** How long something takes with a number of things, in seconds. */
    private interface Sized {
        double take(int count) throws Exception;
    }

    /** What somebody would type instead. */
    private record Tool(String command, int count, Sized whole) {}

    private record Subject(String name, String work, Work ours, Tool tool) {}

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        List<Supplier<Chart.Line>> lines = new ArrayList<>();
        for (Subject each : subjects(laboratory)) {
            lines.add(measure(each, laboratory, results));
        }
        results.chart(() -> new Chart(
                "growth",
                "A store with many of one thing",
                "entries, orphans, or locks held",
                Unit.SECONDS,
                lines.stream().map(Supplier::get).toList()));
    }

    private static Supplier<Chart.Line> measure(Subject subject, Laboratory laboratory, Results results) {
        int most = most(laboratory);
        Tool tool = subject.tool;
        boolean isWhole = laboratory.effort().isWhole();
        List<Pair> growth = new ArrayList<>();
        List<Pair> toTool = new ArrayList<>();
        List<Double> few = new ArrayList<>();
        Rounds.Step step = () -> {
            Pair pair = new Pair(subject.ours.take(most, 1), subject.ours.take(most / 10, 10));
            growth.add(pair);
            if (isWhole) {
                toTool.add(new Pair(tool.count == most ? pair.ours() : pair.peer() / 10, tool.whole.take(tool.count)));
            }
        };
        results.figure(() -> new Figure(
                "growth-" + subject.name,
                subject.work.formatted(number(most)),
                "ten times as long as for " + number(most / 10),
                Unit.SECONDS,
                Target.ratio(1),
                growth));
        if (isWhole) {
            laboratory.everyRound(step);
            laboratory.someRounds(() -> few.add(subject.ours.take(FEW, MOST / FEW) * FEW / MOST));
            results.figure(() -> new Figure(
                    "growth-" + subject.name + "-tool",
                    subject.work.formatted(number(tool.count)),
                    tool.command,
                    Unit.SECONDS,
                    Target.NONE,
                    toTool));
        } else {
            laboratory.once(step);
        }
        return () -> {
            List<Chart.Point> points = new ArrayList<>();
            if (isWhole) {
                points.add(new Chart.Point(FEW, Spread.of(few)));
            }
            points.add(new Chart.Point(most / 10.0, Spread.of(growth, pair -> pair.peer() / 10)));
            points.add(new Chart.Point(most, Spread.of(growth, Pair::ours)));
            return new Chart.Line(subject.name.replace('-', ' '), points);
        };
    }

    private static List<Subject> subjects(Laboratory laboratory) throws IOException, InterruptedException {
        Stores stores = new Stores(laboratory);
        Path orphans = laboratory.newDirectory(HostMount.Kind.EXT4);
        Locks locks = new Locks(laboratory, laboratory.newDirectory(HostMount.Kind.EXT4));
        Many entries = new Many(laboratory, ManyEntries.class, "root");
        Many debris = new Many(laboratory, ManyOrphans.class, "directory");
        Many held = new Many(laboratory, ManyLocks.class, "root");
        return List.of(
                new Subject(
                        "list",
                        "list %s entries",
                        (count, times) -> entries.seconds("list", stores.of(count), count, times),
                        new Tool(
                                "`find`, `cat`",
                                MOST,
                                count -> shell(
                                        "find \"$0\" -name metadata.json | xargs cat >/dev/null", stores.of(count)))),
                new Subject(
                        "sweep",
                        "sweep %s orphans",
                        (count, times) -> debris.seconds("sweep", orphans, count, times),
                        new Tool("`rm -rf`", MOST, count -> removal(ManyOrphans.leave(orphans, count)))),
                new Subject(
                        "holders",
                        "find the holders of one of %s locks",
                        (count, times) -> locks.whileHeld(count, root -> held.seconds("one", root, count, times)),
                        new Tool(
                                "`cat /proc/locks`",
                                MOST,
                                count -> locks.whileHeld(count, root -> shell("cat /proc/locks >/dev/null", root)))),
                new Subject(
                        "all-holders",
                        "find the holders of all of %s locks",
                        (count, times) -> locks.whileHeld(count, root -> held.seconds("all", root, count, times)),
                        new Tool(
                                "`lslocks`",
                                MOST / 10,
                                count -> locks.whileHeld(count, root -> shell("lslocks >/dev/null", root)))));
    }

    private static int most(Laboratory laboratory) {
        return laboratory.effort().isWhole() ? MOST : MOST / 10;
    }

    /**
     * Something of ours on many things, in a JVM of its own.
     *
     * @param where the parameter that takes a directory
     */
    private record Many(Laboratory laboratory, Class<?> state, String where) {
        double seconds(String method, Path directory, int count, int times) throws Exception {
            Map<String, String> parameters = Map.of(
                    where, directory.toString(), "count", Integer.toString(count), "times", Integer.toString(times));
            return Jmh.seconds(laboratory.effort(), state, method, parameters);
        }
    }

    /** Stores with so many entries; each is made once. */
    private static final class Stores {
        private final Laboratory laboratory;
        private final Map<Integer, Path> roots = new HashMap<>();

        Stores(Laboratory laboratory) {
            this.laboratory = laboratory;
        }

        Path of(int count) throws IOException, InterruptedException {
            Path root = roots.get(count);
            if (root == null) {
                root = laboratory.newDirectory(HostMount.Kind.EXT4);
                ManyEntries.make(root, laboratory.kernel(), count);
                roots.put(count, root);
            }
            return root;
        }
    }

    /** A store of which locks are held. */
    private record Locks(Laboratory laboratory, Path root) {
        interface Held {
            double take(Path root) throws Exception;
        }

        double whileHeld(int count, Held measurement) throws Exception {
            Path locks = Files.createDirectories(root.resolve(count + "/.locks"));
            Process holder = Commands.start(
                    List.of(laboratory.program("holders.c").toString(), locks.toString(), Integer.toString(count)));
            try {
                String line = holder.inputReader().readLine();
                if (!"held".equals(line)) {
                    throw new IllegalStateException("no locks are held: " + line);
                }
                return measurement.take(root.resolve(Integer.toString(count)));
            } finally {
                holder.getOutputStream().close();
                holder.waitFor();
            }
        }
    }

    private static double removal(Path root) throws IOException, InterruptedException {
        double seconds = shell("rm -rf \"$0\"/.tmp-*", root);
        Commands.run("rm", "-r", root.toString());
        return seconds;
    }

    private static double shell(String script, Path directory) throws IOException, InterruptedException {
        return Laboratory.time("sh", "-c", script, directory.toString());
    }

    private static String number(int count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
