package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What comparisons work with: a kernel, file systems that are mounted for them, programs in C, and a place for files. */
final class Laboratory implements AutoCloseable {
    private static final int POINTS = 3;

    private final Effort effort;
    private final Rounds rounds;
    private final Path directory;
    private final RealKernel kernel;
    private final Map<HostMount.Kind, HostMount> mounts = new EnumMap<>(HostMount.Kind.class);
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private int directories;

    /** @param directory an empty one, on the disk that is measured */
    Laboratory(Effort effort, Rounds rounds, Path directory) {
        this.effort = effort;
        this.rounds = rounds;
        this.directory = directory;
        this.kernel = RealKernel.require();
    }

    /** Something that takes a while: how long, in seconds; or bytes. */
    interface Measurement {
        double take() throws Exception;
    }

    Effort effort() {
        return effort;
    }

    RealKernel kernel() {
        return kernel;
    }

    /** Measures ours, then the peer, in every round: a list that is filled meanwhile. */
    List<Pair> pairs(Measurement ours, Measurement peer) {
        return pairs(effort.rounds(), ours, peer);
    }

    /** The same, less often: for a point of a chart. */
    List<Pair> points(Measurement ours, Measurement peer) {
        return pairs(POINTS, ours, peer);
    }

    /** The same, for what takes long, in some of the rounds. */
    List<Pair> pairs(int times, Measurement ours, Measurement peer) {
        List<Pair> pairs = new ArrayList<>();
        rounds.add(times, () -> pairs.add(new Pair(ours.take(), peer.take())));
        return pairs;
    }

    /** Does something in one round only. */
    void once(Rounds.Step step) {
        rounds.add(1, step);
    }

    /** Does something in every round. */
    void everyRound(Rounds.Step step) {
        rounds.add(effort.rounds(), step);
    }

    /** Does something in some rounds, which is for a point of a chart. */
    void someRounds(Rounds.Step step) {
        rounds.add(POINTS, step);
    }

    /** Closes it at the end. */
    <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    /** A new, empty directory on the disk. */
    Path newDirectory() throws IOException {
        return Files.createDirectory(directory.resolve("d" + directories++));
    }

    /** A new, empty directory on a file system that is mounted until the end. */
    Path newDirectory(HostMount.Kind kind) throws IOException, InterruptedException {
        HostMount mount = mounts.get(kind);
        if (mount == null) {
            mount = own(HostMount.of(kind, newDirectory()));
            mounts.put(kind, mount);
        }
        return Files.createDirectory(mount.path().resolve("d" + directories++));
    }

    /** A program of {@code src/bench/c}, compiled. */
    Path program(String source) throws IOException, InterruptedException {
        Path program = directory.resolve(source.replaceFirst("\\.c$", ""));
        if (!Files.exists(program)) {
            Peer.compile("gcc", "../../bench/c/" + source, program, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror");
        }
        return program;
    }

    /** How long a command takes as a whole process, in seconds. It must end well. */
    static double time(String... command) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Commands.run(command);
        return (System.nanoTime() - begin) / 1e9;
    }

    /** Runs a program that prints one number. */
    static double number(String... command) throws IOException, InterruptedException {
        return Double.parseDouble(Commands.run(command).strip());
    }

    @Override
    public void close() throws Exception {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }
}
