package dev.ktstr.it;

import com.code_intelligence.jazzer.Jazzer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Parsers against a fuzzer that is led by coverage (Jazzer), each in a JVM of its own with a small heap. What they promise is
 * in the tests beside them, which also try again, in every build, what is in the corpus; a finding is to be mended and put
 * there. Whatever takes a second, or more memory than there is, is a finding, too.
 */
final class FuzzCampaign implements Campaign {
    private static final String HEAP = "-Xmx256m";

    /** Of the whole process, with what the fuzzer needs. */
    private static final int MOST_MIB = 1024;

    private static final int LONGEST_INPUT = 8192;

    /** How the fuzzer reports at its end: executions, edges that were covered, and features that it tells apart. */
    private static final Pattern END = Pattern.compile("#(\\d+)\\s+DONE\\s+cov: (\\d+) ft: (\\d+) corp: (\\S+).*");

    /** Ours, and of the libraries what reads JSON and takes packages apart. */
    private static final String INSTRUMENTED =
            "dev.ktstr.**:com.fasterxml.jackson.core.**:org.tukaani.**:io.airlift.**:org.apache.commons.compress.archivers.**";

    /**
     * A parser.
     *
     * @param module where the test class is
     * @param runs how many inputs in the long form; in the bounded one it is seconds
     * @param seconds for the bounded form
     */
    private record Target(String module, String test, long runs, int seconds) {
        String name() {
            return test.substring(test.lastIndexOf('.') + 1).replaceAll("FuzzTest$", "");
        }
    }

    private static final List<Target> TARGETS = List.of(
            new Target("ktstr-core", "dev.ktstr.elf.ElfFuzzTest", 10_000_000, 12),
            new Target("ktstr-core", "dev.ktstr.cache.MetadataFuzzTest", 3_000_000, 5),
            new Target("ktstr-core", "dev.ktstr.cache.SelectorFuzzTest", 3_000_000, 4),
            new Target("ktstr-core", "dev.ktstr.cache.ImageFuzzTest", 3_000_000, 4),
            new Target("ktstr-core", "dev.ktstr.cache.ConfigFuzzTest", 1_000_000, 4),
            new Target("ktstr-core", "dev.ktstr.cache.ModulesFuzzTest", 300_000, 5),
            new Target("ktstr-core", "dev.ktstr.lock.MountInfoFuzzTest", 3_000_000, 4),
            new Target("ktstr-core", "dev.ktstr.lock.ProcLocksFuzzTest", 3_000_000, 4),
            new Target("ktstr-core", "dev.ktstr.lock.HolderFuzzTest", 3_000_000, 4),
            new Target("ktstr-core", "dev.ktstr.QuantityFuzzTest", 3_000_000, 4),
            new Target("ktstr-maven-plugin", "dev.ktstr.maven.packages.PackageFuzzTest", 1_000_000, 8));

    @Override
    public String name() {
        return "fuzz";
    }

    @Override
    public String title() {
        return "hostile input: parsers against a fuzzer that is led by coverage";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        int seed = arena.random().nextInt(1, Integer.MAX_VALUE);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (Target target : TARGETS) {
                Path directory = arena.newDirectory();
                all.add(pool.submit(() -> fuzz(target, arena.extent(), seed, directory, trials)));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private static boolean fuzz(Target target, Extent extent, int seed, Path directory, Trials trials)
            throws IOException, InterruptedException {
        Path log = directory.resolve("log");
        Path findings = Files.createDirectory(directory.resolve("findings"));
        List<String> command = command(target, findings);
        command.add("-seed=" + seed);
        command.add(extent == Extent.BOUNDED ? "-max_total_time=" + target.seconds() : "-runs=" + target.runs());
        command.add(Files.createDirectory(directory.resolve("corpus")).toString());
        command.add(corpus(target).toString());
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Thread atExit = new Thread(process::destroyForcibly); // it would go on by itself for hours
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            boolean ended = process.waitFor(extent == Extent.BOUNDED ? 5 : 600, TimeUnit.MINUTES);
            report(target, ended ? process.exitValue() : -1, log, findings, trials);
        } finally {
            process.destroyForcibly();
            Runtime.getRuntime().removeShutdownHook(atExit);
        }
        return true;
    }

    private static void report(Target target, int exit, Path log, Path findings, Trials trials) throws IOException {
        String kind = "executions of " + target.name();
        List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
        Matcher end = lines.stream()
                .map(END::matcher)
                .filter(Matcher::matches)
                .findFirst()
                .orElse(null);
        if (exit == 0 && end != null) {
            trials.fired(kind, Long.parseLong(end.group(1)));
            System.out.printf(
                    Locale.ROOT,
                    "%-12s %,12d executions, %s edges, %s features, corpus %s%n",
                    target.name(),
                    Long.parseLong(end.group(1)),
                    end.group(2),
                    end.group(3),
                    end.group(4));
        } else if (isFinding(lines, findings)) {
            trials.fired(kind);
            trials.violation(kind, what(lines) + "; " + inputs(findings));
        } else {
            trials.unfired(kind);
            trials.violation(
                    kind,
                    "the fuzzer ended with " + exit + ": "
                            + String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size())));
        }
    }

    private static boolean isFinding(List<String> lines, Path findings) throws IOException {
        try (Stream<Path> files = Files.list(findings)) {
            return files.findAny().isPresent() || lines.stream().anyMatch(line -> line.startsWith("== Java Exception"));
        }
    }

    private static String what(List<String> lines) {
        int start = 0;
        while (start < lines.size()
                && !lines.get(start).startsWith("== ")
                && !lines.get(start).contains("ERROR: ")) {
            start++;
        }
        return String.join("\n", lines.subList(start, Math.min(lines.size(), start + 25)));
    }

    /** What did it: to be put into the corpus. */
    private static String inputs(Path findings) throws IOException {
        List<String> inputs = new ArrayList<>();
        try (Stream<Path> files = Files.list(findings)) {
            for (Path each :
                    files.filter(file -> !file.toString().endsWith(".java")).toList()) {
                inputs.add(each.getFileName() + " " + HexFormat.of().formatHex(Files.readAllBytes(each)));
            }
        }
        return "with " + inputs;
    }

    private static List<String> command(Target target, Path findings) {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                HEAP,
                "-XX:+EnableDynamicAgentLoading",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes(target) + File.pathSeparator + System.getProperty("java.class.path"),
                Jazzer.class.getName(),
                "--target_class=" + target.test(),
                "--instrumentation_includes=" + INSTRUMENTED,
                "--instrumentation_excludes=" + target.test() + ":dev.ktstr.FuzzTarget",
                "--reproducer_path=" + findings,
                "-artifact_prefix=" + findings + "/",
                "-rss_limit_mb=" + MOST_MIB,
                "-max_len=" + LONGEST_INPUT,
                // The target itself counts its thread's time; this is for what never comes back.
                "-timeout=60"));
        return command;
    }

    private static Path classes(Target target) {
        return Path.of(System.getProperty("basedir", "."))
                .resolve("../" + target.module() + "/target/test-classes")
                .toAbsolutePath()
                .normalize();
    }

    private static Path corpus(Target target) {
        return classes(target).resolve(target.test().replace('.', '/'));
    }
}
