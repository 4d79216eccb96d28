package dev.ktstr.it;

import dev.ktstr.Durations;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The reliability suite; {@code scripts/torture.sh} builds it, and says where a kernel is. */
final class TortureMain {
    static final List<Campaign> ALL = List.of(
            new KillCampaign(),
            new FailCampaign(),
            new CrowdCampaign(),
            new RotCampaign(),
            new SharedCampaign(),
            new PowerCampaign(),
            new SurroundingsCampaign(),
            new FuzzCampaign(),
            new PlantedCampaign());

    private TortureMain() {}

    /** Options: {@code --bounded}, {@code --only NAME,NAME}, {@code --seed N}. Argument: a directory to work in. */
    public static void main(String[] arguments) throws Exception {
        Deque<String> words = new ArrayDeque<>(List.of(arguments));
        Extent extent = Extent.LONG;
        List<String> only = ALL.stream().map(Campaign::name).toList();
        long seed = System.nanoTime();
        while (words.peek() != null && words.peek().startsWith("--")) {
            String option = words.pop();
            switch (option) {
                case "--bounded" -> extent = Extent.BOUNDED;
                case "--only" -> only = List.of(words.pop().split(",", -1));
                case "--seed" -> seed = Long.parseLong(words.pop());
                default -> throw new IllegalArgumentException("there is no option " + option);
            }
        }
        Path directory = Path.of(words.pop());
        List<Campaign> campaigns = only.stream().map(TortureMain::named).toList();
        boolean broken = false;
        for (Campaign campaign : campaigns) {
            broken |= !run(campaign, extent, directory, seed).problems().isEmpty();
        }
        System.exit(broken ? 1 : 0);
    }

    /** Runs one campaign, and prints what came of it; if it cannot go on, that is a violation, and the others can. */
    static Trials run(Campaign campaign, Extent extent, Path directory, long seed) {
        System.out.println("== " + campaign.title() + "; --seed " + seed);
        long start = System.nanoTime();
        Trials trials = new Trials();
        try {
            campaign.run(new Arena(extent, Files.createTempDirectory(directory, campaign.name()), seed), trials);
        } catch (Exception | AssertionError ended) {
            StringWriter trace = new StringWriter();
            ended.printStackTrace(new PrintWriter(trace));
            trials.violation("the campaign", "it could not go on: " + trace);
        }
        new TreeMap<>(trials.counts())
                .forEach((kind, count) ->
                        System.out.printf("%-48s %,10d  did not fire %,d%n", kind, count.fired(), count.unfired()));
        List<String> missed = trials.points().entrySet().stream()
                .filter(point -> !point.getValue())
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
        if (extent == Extent.LONG && !trials.points().isEmpty()) { // the bounded form takes another one then
            System.out.printf(
                    "points: %,d, of which never hit: %,d%n", trials.points().size(), missed.size());
            missed.forEach(point -> System.out.println("  never hit: " + point));
        }
        trials.problems().stream()
                .filter(problem -> !trials.violations().contains(problem))
                .forEach(System.out::println);
        Duration took = Duration.ofSeconds((System.nanoTime() - start) / 1_000_000_000);
        System.out.println("violations: " + trials.violations().size() + " (" + Durations.format(took) + ")");
        return trials;
    }

    static Campaign named(String name) {
        return ALL.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--only " + name + ": there are "
                        + ALL.stream().map(Campaign::name).toList()));
    }
}
