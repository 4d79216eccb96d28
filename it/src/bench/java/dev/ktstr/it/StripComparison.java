package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A distribution's {@code vmlinux}, stripped to what ktstr keeps. */
final class StripComparison implements Comparison {
    private static final double MOST_MEMORY = 64 << 20;
    private static final List<Integer> MEGABYTES = List.of(100, 300, 1000);

    @Override
    public String name() {
        return "strip";
    }

    @Override
    public String title() {
        return "Strip a distribution's vmlinux";
    }

    @Override
    public String method() {
        return """
                `VmlinuxStripper.strip` of the `vmlinux` of Debian's debug package (590 MB), against `eu-strip -g`, `strip -g`,
                `objcopy --strip-debug` and `llvm-strip -g` as whole processes. The first call is timed inside a new JVM, without the JVM's own
                start; a warm one in a JVM that has done it for a second. ktstr keeps less than those tools do: symbols, types and read-only
                data. Nobody forces anything to disk; each output is removed before the next, untimed, but for our warm calls. The input is in the page cache for
                both: it was read from end to end just before.

                Memory is the peak that `getrusage(2)` and `VmHWM` tell: ours what the first call adds to its JVM, the tool's that of the whole process.
                For the growth the same `vmlinux` had its debug information replaced by as much as makes the size.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        Path directory = laboratory.newDirectory();
        Path vmlinux = laboratory.kernel().vmlinux();
        Strip strip = new Strip(laboratory, vmlinux, directory.resolve("stripped"));
        List<Pair> first = laboratory.pairs(strip::first, () -> strip.tool("eu-strip", "-g"));
        results.figure(
                () -> figure("strip-first", "first call in a new JVM", "`eu-strip -g`", Target.ratio(0.5), first));
        List<Pair> warm = laboratory.pairs(strip::warm, () -> strip.tool("eu-strip", "-g"));
        results.figure(() -> figure("strip-warm", "a warm call", "`eu-strip -g`", Target.ratio(0.25), warm));
        List<Pair> memory = laboratory.pairs(strip::memory, () -> strip.toolMemory("eu-strip", "-g"));
        results.figure(() -> memory("strip-memory", "what the first call adds to the JVM", memory));
        if (laboratory.effort().isWhole()) {
            others(laboratory, strip, results);
        }
        if (laboratory.effort() != Effort.SMOKE) {
            growth(laboratory, results);
        }
    }

    private static void others(Laboratory laboratory, Strip strip, Results results) {
        for (List<String> tool :
                List.of(List.of("strip", "-g"), List.of("objcopy", "--strip-debug"), List.of("llvm-strip", "-g"))) {
            String[] words = tool.toArray(String[]::new);
            List<Pair> pairs = laboratory.pairs(strip::first, () -> strip.tool(words));
            results.figure(() -> figure(
                    "strip-first-" + words[0],
                    "first call in a new JVM",
                    "`" + String.join(" ", tool) + "`",
                    Target.NONE,
                    pairs));
        }
    }

    /** Time and memory by the size of the input. */
    private static void growth(Laboratory laboratory, Results results) throws Exception {
        Path directory = laboratory.newDirectory();
        Path small = directory.resolve("small");
        Commands.run(
                "eu-strip",
                "-g",
                "-o",
                small.toString(),
                laboratory.kernel().vmlinux().toString());
        SortedMap<Integer, List<Pair>> time = new TreeMap<>();
        SortedMap<Integer, List<Pair>> memory = new TreeMap<>();
        List<Integer> sizes = laboratory.effort().isWhole() ? MEGABYTES : List.of(MEGABYTES.get(0), 1000);
        for (int megabytes : sizes) {
            Path input = grown(small, megabytes, directory);
            Strip strip = new Strip(laboratory, input, directory.resolve("stripped"));
            time.put(megabytes, laboratory.points(strip::first, () -> strip.tool("eu-strip", "-g")));
            List<Pair> pairs = laboratory.pairs(strip::memory, () -> strip.toolMemory("eu-strip", "-g"));
            memory.put(megabytes, pairs);
            results.figure(() -> memory("strip-memory-" + megabytes, "the same, of " + megabytes + " MB", pairs));
        }
        results.chart(() -> chart("strip-time", "Stripping by the size of the input", Unit.SECONDS, time));
        results.chart(() -> chart("strip-memory", "Memory for stripping by the size of the input", Unit.BYTES, memory));
    }

    private static Path grown(Path small, int megabytes, Path directory) throws Exception {
        Path debug = directory.resolve("debug");
        Path input = directory.resolve("vmlinux-" + megabytes);
        long bytes = megabytes * 1_000_000L - Files.size(small);
        if (bytes <= 0) {
            throw new IllegalStateException(
                    "already without debug information the kernel is larger than " + megabytes + " MB");
        }
        Commands.run("sh", "-c", "head -c " + bytes + " /dev/urandom >" + debug);
        Commands.run("objcopy", "--add-section", ".debug_info=" + debug, small.toString(), input.toString());
        Files.delete(debug);
        Commands.run("sync", input.toString()); // the first pairs would run beside it
        return input;
    }

    private static Chart chart(String name, String title, Unit unit, SortedMap<Integer, List<Pair>> found) {
        List<Chart.Point> ours = new ArrayList<>();
        List<Chart.Point> tool = new ArrayList<>();
        found.forEach((megabytes, pairs) -> {
            ours.add(new Chart.Point(megabytes, Spread.of(pairs, Pair::ours)));
            tool.add(new Chart.Point(megabytes, Spread.of(pairs, Pair::peer)));
        });
        return new Chart(
                name,
                title,
                "input, MB",
                unit,
                List.of(new Chart.Line("ktstr, first call", ours), new Chart.Line("eu-strip -g", tool)));
    }

    private static Figure figure(String name, String ours, String peer, Target target, List<Pair> pairs) {
        return new Figure(name, ours, peer, Unit.SECONDS, target, pairs);
    }

    private static Figure memory(String name, String ours, List<Pair> pairs) {
        return new Figure(name, ours, "`eu-strip -g`, the whole process", Unit.BYTES, Target.ours(MOST_MEMORY), pairs);
    }

    /** So that both sides find it in the page cache, whatever has been measured before. */
    private static void read(Path file) throws IOException, InterruptedException {
        Commands.run("sh", "-c", "cat " + file + " >/dev/null");
    }

    /** One input, stripped in one way or another. */
    private record Strip(Laboratory laboratory, Path input, Path output) {
        double first() throws Exception {
            return once()[0];
        }

        double memory() throws Exception {
            return once()[1];
        }

        private double[] once() throws Exception {
            prepare();
            List<String> command = UserJvm.command(StripMain.class, List.of(), input.toString(), output.toString());
            String[] words =
                    Commands.run(command.toArray(String[]::new)).strip().split(" ", -1);
            return new double[] {Double.parseDouble(words[0]), Double.parseDouble(words[1])};
        }

        double warm() throws Exception {
            prepare();
            return Jmh.seconds(
                    laboratory.effort(),
                    WarmStrip.class,
                    "strip",
                    Map.of("input", input.toString(), "output", output.toString()));
        }

        double tool(String... tool) throws Exception {
            prepare();
            return Laboratory.time(command(tool));
        }

        double toolMemory(String... tool) throws Exception {
            prepare();
            List<String> command =
                    new ArrayList<>(List.of(laboratory.program("memory.c").toString()));
            command.addAll(List.of(command(tool)));
            return Laboratory.number(command.toArray(String[]::new));
        }

        private void prepare() throws IOException, InterruptedException {
            Files.deleteIfExists(output);
            read(input);
        }

        private String[] command(String... tool) {
            List<String> command = new ArrayList<>(List.of(tool));
            if (!tool[0].equals("objcopy")) {
                command.add("-o");
                command.add(output.toString());
            }
            command.add(input.toString());
            if (tool[0].equals("objcopy")) {
                command.add(output.toString());
            }
            return command.toArray(String[]::new);
        }
    }
}
