package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;

/** Tests with a kernel and a disk. */
final class JunitComparison implements Comparison {
    private static final int TESTS = 100;

    @Override
    public String name() {
        return "junit";
    }

    @Override
    public String title() {
        return "A test with `@KtstrKernel` and a disk of its own";
    }

    @Override
    public String method() {
        return """
                A new JVM, started as it comes, runs a class with JUnit's launcher: empty tests (one method, repeated), once with
                `@KtstrKernel` on the class, and `@KtstrDisk TestDisk disk` (512 MiB of ext4) as their parameter, once without. The time
                is from the signal to create a launcher until all tests have passed. *One more test* is what each of a class
                of %1$d takes after the first, from the end of one to the end of the next; *the only test* has all to itself that happens once in a JVM,
                on both sides: loading classes, JUnit's and ours, finding the kernel and taking the lock on it. There is one kernel in the store. The
                template of the disk has been formatted before, as it has on every machine
                where such a test ran before; store and template are in the page cache, on a file system that shares blocks (btrfs) or
                does not (ext4: each disk is a sparse copy), which is mounted from a file on the disk.

                The chart has the whole time of a class divided by the number of its tests: the more there are, the less of what happens
                once has each to bear, and the more of the code has been compiled.""".formatted(TESTS);
    }

    /** Classes of so many tests, which another process runs. */
    private record Case(int tests, Class<?> withDisk, Class<?> plain) {}

    private static final List<Case> CASES = List.of(
            new Case(1, DiskCase.class, PlainCase.class),
            new Case(10, TenDisksCase.class, TenPlainCase.class),
            new Case(TESTS, HundredDisksCase.class, HundredPlainCase.class),
            new Case(1000, ThousandDisksCase.class, ThousandPlainCase.class));

    @KtstrKernel
    static class DiskCase {
        @RepeatedTest(1)
        void empty(@KtstrDisk TestDisk disk) {}
    }

    static class PlainCase {
        @RepeatedTest(1)
        void empty() {}
    }

    @KtstrKernel
    static class TenDisksCase {
        @RepeatedTest(10)
        void empty(@KtstrDisk TestDisk disk) {}
    }

    static class TenPlainCase {
        @RepeatedTest(10)
        void empty() {}
    }

    @KtstrKernel
    static class HundredDisksCase {
        @RepeatedTest(TESTS)
        void empty(@KtstrDisk TestDisk disk) {}
    }

    static class HundredPlainCase {
        @RepeatedTest(TESTS)
        void empty() {}
    }

    @KtstrKernel
    static class ThousandDisksCase {
        @RepeatedTest(1000)
        void empty(@KtstrDisk TestDisk disk) {}
    }

    static class ThousandPlainCase {
        @RepeatedTest(1000)
        void empty() {}
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        boolean isWhole = laboratory.effort().isWhole();
        for (HostMount.Kind kind :
                isWhole ? List.of(HostMount.Kind.BTRFS, HostMount.Kind.EXT4) : List.of(HostMount.Kind.BTRFS)) {
            Path root = laboratory.newDirectory(kind);
            KernelCache.at(root).store(laboratory.kernel().request().build());
            seconds(root, DiskCase.class, 1); // formats the template
            each(laboratory, results, kind, root);
            only(laboratory, results, kind, root);
            if (isWhole) {
                chart(laboratory, results, kind, root);
            }
        }
    }

    /** What every test after the first costs. */
    private static void each(Laboratory laboratory, Results results, HostMount.Kind kind, Path root) {
        List<Pair> pairs = laboratory.pairs(
                () -> secondsMore(root, HundredDisksCase.class), () -> secondsMore(root, HundredPlainCase.class));
        results.figure(() -> new Figure(
                "junit-" + name(kind),
                "one more test of a class with `@KtstrKernel` and a disk, " + name(kind),
                "the same without",
                Unit.SECONDS,
                Target.more(2e-3),
                pairs));
    }

    /** What everything costs that happens once, and one test. */
    private static void only(Laboratory laboratory, Results results, HostMount.Kind kind, Path root) {
        List<Pair> pairs =
                laboratory.pairs(() -> seconds(root, DiskCase.class, 1), () -> seconds(root, PlainCase.class, 1));
        results.figure(() -> new Figure(
                "junit-" + name(kind) + "-only",
                "the only test of a class, " + name(kind),
                "the same without",
                Unit.SECONDS,
                Target.NONE,
                pairs));
    }

    /** Everything that a class costs, for each of its tests. */
    private static List<Pair> whole(Laboratory laboratory, Path root, Case tests) {
        return laboratory.points(
                () -> seconds(root, tests.withDisk, tests.tests) / tests.tests,
                () -> seconds(root, tests.plain, tests.tests) / tests.tests);
    }

    private static void chart(Laboratory laboratory, Results results, HostMount.Kind kind, Path root) {
        SortedMap<Integer, List<Pair>> classes = new TreeMap<>();
        CASES.forEach(each -> classes.put(each.tests, whole(laboratory, root, each)));
        results.chart(() -> chart(kind, classes));
    }

    private static Chart chart(HostMount.Kind kind, SortedMap<Integer, List<Pair>> classes) {
        List<Chart.Point> withDisk = new ArrayList<>();
        List<Chart.Point> plain = new ArrayList<>();
        classes.forEach((tests, pairs) -> {
            withDisk.add(new Chart.Point(tests, Spread.of(pairs, Pair::ours)));
            plain.add(new Chart.Point(tests, Spread.of(pairs, Pair::peer)));
        });
        return new Chart(
                "junit-" + name(kind),
                "One test of a class, in a new JVM, " + name(kind),
                "tests in the class",
                Unit.SECONDS,
                List.of(new Chart.Line("with kernel and disk", withDisk), new Chart.Line("without", plain)));
    }

    private static String name(HostMount.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** How long each test of a class takes after the first. */
    private static double secondsMore(Path root, Class<?> testClass) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        UserJvm.command(MoreTestsMain.class, List.of(), testClass.getName()))
                .redirectErrorStream(true);
        builder.environment().put("KTSTR_CACHE_DIR", root.toString());
        Process process = builder.start();
        try {
            return Double.parseDouble(JunitMain.awaitLine(process, "each ").substring("each ".length()));
        } finally {
            process.destroyForcibly();
            process.waitFor();
        }
    }

    /** How long all tests of a class take in a new JVM that is ready to run them. */
    private static double seconds(Path root, Class<?> testClass, int tests) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(UserJvm.command(JunitMain.class, List.of(), testClass.getName()))
                .redirectErrorStream(true);
        builder.environment().put("KTSTR_CACHE_DIR", root.toString());
        Process process = builder.start();
        try {
            JunitMain.awaitLine(process, "ready");
            long begin = System.nanoTime();
            JunitMain.goOn(process);
            JunitMain.awaitLine(process, tests + " passed, 0 failed");
            return (System.nanoTime() - begin) / 1e9;
        } finally {
            process.destroyForcibly();
            process.waitFor();
        }
    }
}
