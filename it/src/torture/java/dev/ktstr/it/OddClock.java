package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A process whose time of day is years off uses a store of others: it has to work for both as if the clocks agreed. Debris in the
 * store has to go, whatever its age seems to be.
 */
final class OddClock {
    private static final Duration YEAR = Duration.ofDays(365);

    private final Random random;
    private final MarkedKernel kernel;
    private final Path directory;
    private final Path clock;

    private OddClock(Random random, MarkedKernel kernel, Path directory, Path clock) {
        this.random = random;
        this.kernel = kernel;
        this.directory = directory;
        this.clock = clock;
    }

    static void run(Arena arena, MarkedKernel kernel, Trials trials) throws Exception {
        Path directory = arena.newDirectory();
        Path clock = directory.resolve("clock.so");
        String[] options = {"-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"};
        Peer.compile("gcc", "../../torture/c/clock.c", clock, options);
        OddClock odd = new OddClock(arena.random(), kernel, directory, clock);
        for (int i = 0; i < arena.extent().of(1, 20); i++) {
            odd.trial("clock set back", YEAR.negated(), trials);
            odd.trial("clock before 1970", YEAR.multipliedBy(-60), trials);
            odd.trial("clock set forward", YEAR.multipliedBy(80), trials);
            if (arena.extent() == Extent.LONG) {
                odd.trial("clock set back", odd.someTime().negated(), trials);
                odd.trial("clock set forward", odd.someTime(), trials);
            }
        }
    }

    private Duration someTime() {
        return Duration.ofSeconds(3 * 3600 + random.nextLong(YEAR.toSeconds()));
    }

    private void trial(String name, Duration shift, Trials trials) throws Exception {
        Path root = Files.createTempDirectory(directory, "root");
        Path scratch = Files.createTempDirectory(directory, "scratch");
        StoreUser before = new StoreUser(root, kernel, scratch);
        List<String> problems = new ArrayList<>();
        for (Attempt attempt : List.of(
                before.store("other", LoadMain.generation(random)),
                before.store("old", LoadMain.generation(random)),
                before.ensureTemplate())) {
            if (!attempt.succeeded()) {
                problems.add("before: " + attempt.describe());
            }
        }
        plantDebris(root);
        String newer = LoadMain.generation(random);
        String replacement = LoadMain.generation(random);
        ProcessBuilder builder = new ProcessBuilder(Commands.jvm(
                        UserMain.class,
                        kernel.imageTemplate().toString(),
                        kernel.vmlinuxTemplate().toString(),
                        scratch.toString(),
                        newer,
                        replacement))
                .redirectErrorStream(true);
        builder.environment()
                .putAll(Map.of(
                        "LD_PRELOAD", clock.toString(),
                        "CLOCK_SHIFT", Long.toString(shift.toSeconds()),
                        "KTSTR_CACHE_DIR", root.toString()));
        String said = Commands.finish(builder.start());

        said.lines()
                .filter(line -> !line.startsWith("ok ") && !line.startsWith("now "))
                .forEach(problems::add);
        Ledger ledger = before.ledger();
        ledger.returned("new", newer);
        ledger.returned("old", replacement);
        if (!shift.isNegative()) {
            ledger.begun("other", Ledger.ABSENT); // it is older than an hour, by the process's clock
        }
        if (!Files.exists(root.resolve("other")) && shift.isNegative()) {
            problems.add("an entry was removed as too old that is younger than the process believes it is itself");
        }
        Inspection inspection =
                new Inspection(root).readAgainst(ledger).use(kernel, "old", LoadMain.generation(random), scratch);
        problems.addAll(inspection.problems());
        if (isShifted(said, shift)) {
            trials.fired(name);
        } else {
            trials.unfired(name);
        }
        problems.forEach(problem -> trials.violation(
                name, problem + " (clock shifted by " + shift.toSeconds() + " s; " + said.replace('\n', ';') + ")"));
    }

    private static boolean isShifted(String said, Duration shift) {
        return said.lines()
                .filter(line -> line.startsWith("now "))
                .map(line -> Duration.between(Instant.now().plus(shift), Instant.parse(line.substring(4))))
                .anyMatch(off -> off.abs().compareTo(Duration.ofMinutes(5)) < 0 && !shift.isZero());
    }

    /** What processes that have died leave; one of them died before the clock was set back. */
    private void plantDebris(Path root) throws IOException {
        String unique = HexFormat.of().toHexDigits(random.nextInt());
        Files.writeString(
                Files.createDirectory(root.resolve(".tmp-new-4711." + unique)).resolve("bzImage"), "half");
        Files.createDirectory(root.resolve(".tmp-dead-4711." + unique));
        Files.createDirectory(root.resolve("ext4-9m-0123456789abcdef.tmp.4711-" + unique));
        Path disks = Files.createDirectory(root.resolve(".disks-4711." + unique));
        Files.setLastModifiedTime(disks, FileTime.from(Instant.now().plus(YEAR)));
        Files.writeString(root.resolve("template.img.in-flight.ext4-9m-0123456789abcdef.4711-" + unique), "half");
    }
}
