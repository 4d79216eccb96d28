package dev.ktstr.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The benchmark suite; {@code scripts/bench.sh} builds it, and says where a kernel is. */
final class BenchMain {
    static final List<Comparison> ALL = List.of(
            new StripComparison(),
            new StoreComparison(),
            new CloneComparison(),
            new LockComparison(),
            new HandOverComparison(),
            new JunitComparison(),
            new CrowdComparison(),
            new GrowthComparison(),
            new VmComparison(),
            new MavenComparison());

    private BenchMain() {}

    /**
     * Options: {@code --quick}, {@code --only NAME,NAME}, {@code --against FILE}. Arguments: the directory for the report, a
     * directory to work in.
     */
    public static void main(String[] arguments) throws Exception {
        Deque<String> words = new ArrayDeque<>(List.of(arguments));
        Effort effort = Effort.FULL;
        List<Comparison> chosen = ALL;
        Optional<JsonNode> earlier = Optional.empty();
        while (words.peek() != null && words.peek().startsWith("--")) {
            String option = words.pop();
            switch (option) {
                case "--quick" -> effort = Effort.QUICK;
                case "--only" -> chosen = named(List.of(words.pop().split(",", -1)));
                case "--against" -> earlier = Optional.of(Report.read(Path.of(words.pop())));
                default -> throw new IllegalArgumentException("there is no option " + option);
            }
        }
        Path target = Path.of(words.pop());
        Report report = run(chosen, effort, Path.of(words.pop()));
        report.write(target);
        report.figures().forEach(Results::print);
        System.out.println("the report is " + target.resolve("benchmarks.md"));
        report.missed().forEach(figure -> System.out.println("target missed: " + figure.name()));
        if (earlier.isPresent()) {
            List<String> different = report.disagreements(earlier.get());
            different.forEach(each -> System.out.println("differs from the earlier run: " + each));
            System.exit(different.isEmpty() ? 0 : 1);
        }
    }

    /** Runs some comparisons: nothing else should go on meanwhile. */
    static Report run(List<Comparison> comparisons, Effort effort, Path directory) throws Exception {
        Rounds rounds = new Rounds(effort.rounds());
        Map<Comparison, Results> found = new LinkedHashMap<>();
        Deque<Laboratory> laboratories = new ArrayDeque<>();
        try {
            for (Comparison each : comparisons) {
                System.out.println("preparing: " + each.title());
                Laboratory laboratory =
                        new Laboratory(effort, rounds, Files.createTempDirectory(directory, each.name()));
                laboratories.push(laboratory);
                Results results = new Results();
                each.prepare(laboratory, results);
                found.put(each, results);
            }
            rounds.run();
        } finally {
            while (!laboratories.isEmpty()) {
                laboratories.pop().close();
            }
        }
        List<Report.Section> sections = new ArrayList<>();
        found.forEach((each, results) -> sections.add(
                new Report.Section(each.name(), each.title(), each.method(), results.figures(), results.charts())));
        return new Report(conditions(directory), effort.toString(), sections);
    }

    static List<Comparison> named(List<String> names) {
        names.stream()
                .filter(name -> ALL.stream().noneMatch(each -> each.name().equals(name)))
                .findFirst()
                .ifPresent(unknown -> {
                    throw new IllegalArgumentException("--only " + unknown + ": there are "
                            + ALL.stream().map(Comparison::name).toList());
                });
        return ALL.stream().filter(each -> names.contains(each.name())).toList();
    }

    private static Map<String, String> conditions(Path directory) throws IOException, InterruptedException {
        Map<String, String> conditions = new LinkedHashMap<>();
        conditions.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        conditions.put("commit", System.getProperty("ktstr.bench.commit", "unknown"));
        conditions.put(
                "processor",
                Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                                .filter(line -> line.startsWith("model name"))
                                .map(line -> line.replaceFirst(".*: ", ""))
                                .findFirst()
                                .orElse(System.getProperty("os.arch"))
                        + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        conditions.put(
                "memory", Files.readAllLines(Path.of("/proc/meminfo")).get(0).replaceFirst("MemTotal: *", ""));
        conditions.put("kernel", Commands.run("uname", "-sr").strip());
        conditions.put("disk", Files.getFileStore(directory).type());
        conditions.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        conditions.put("vmlinux", System.getProperty("ktstr.bench.kernel", "unknown"));
        for (String tool : List.of("eu-strip", "strip", "cp", "gcc", "mkfs.btrfs", "qemu-system-x86_64", "mvn")) {
            conditions.put(tool, firstLine(tool, "--version"));
        }
        return conditions;
    }

    private static String firstLine(String... command) throws IOException, InterruptedException {
        return Commands.run(command)
                .lines()
                .map(line -> line.replaceAll("\u001b\\[[0-9;]*m", ""))
                .filter(line -> !line.isBlank())
                .findFirst()
                .orElse("");
    }
}
