package dev.ktstr;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A parser, and what it promises for whatever it is given. Each has a corpus beside it in the resources, which is tried again
 * here: inputs that were made by hand, by name, and what fuzzing has found to reach more, by number; its option
 * {@code -merge=1} chooses the smallest that together reach all. The fuzzer itself is part of the reliability suite (the campaign
 * {@code fuzz}); it calls {@code fuzzerTestOneInput} of each class.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class FuzzTarget {
    private static final long LONGEST_NANOS = 1_000_000_000;

    /** Something to be tried with one input. */
    @FunctionalInterface
    public interface Trial {
        void run() throws Exception;
    }

    /** Gives the parser an input; anything thrown but an expected refusal is a finding. */
    protected abstract void examine(byte[] input) throws Exception;

    @ParameterizedTest
    @MethodSource("corpus")
    public void isReadOrRefused(Path input) throws Exception {
        examine(Files.readAllBytes(input));
    }

    public Stream<Path> corpus() throws Exception {
        URI directory = Objects.requireNonNull(getClass().getResource(getClass().getSimpleName()), "a corpus")
                .toURI();
        try (Stream<Path> files = Files.list(Path.of(directory))) {
            return files.sorted().toList().stream();
        }
    }

    /**
     * Fails if a trial takes more than a second: of this thread, which a busy machine does not slow down. The first in a JVM
     * pays for what is loaded, so one that took too long has a second chance.
     */
    protected static void timed(Trial trial) throws Exception {
        if (nanos(trial) >= LONGEST_NANOS) {
            check(nanos(trial) < LONGEST_NANOS, "more than a second for one input");
        }
    }

    private static long nanos(Trial trial) throws Exception {
        long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        trial.run();
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
    }

    /** What AssertJ would do, in a time that does not matter even millions of times. */
    protected static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("does not hold: " + what);
        }
    }

    /** Whether a text has nothing that would drive a terminal or break a line. */
    protected static boolean isPlain(String text) {
        return text.equals(Printable.text(text));
    }

    /** A directory for the files that a target makes; in memory, where a machine has one there. */
    protected static Path scratch() {
        try {
            Path memory = Path.of("/dev/shm");
            Path scratch = Files.isWritable(memory)
                    ? Files.createTempDirectory(memory, "ktstr-fuzz")
                    : Files.createTempDirectory("ktstr-fuzz");
            scratch.toFile().deleteOnExit();
            return scratch;
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A file in such a directory, which goes when the JVM ends. */
    protected static Path scratchFile(Path scratch, String name) {
        Path file = scratch.resolve(name);
        file.toFile().deleteOnExit();
        return file;
    }
}
