package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockInterruptedException;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Inotify;
import dev.ktstr.os.OsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How quickly a contended lock goes from one process to the next. Prints what it measures, and asserts what does not depend on the machine. */
class HandOverIT {
    private static final Duration HOLD = Duration.ofMillis(1);

    /** How often each of so many processes takes the lock. */
    private static final Map<Integer, Integer> ROUNDS = new LinkedHashMap<>();

    static {
        ROUNDS.put(2, 150);
        ROUNDS.put(16, 30);
        ROUNDS.put(64, 15);
    }

    private static final int MOST_PROCESSES = 64;

    @TempDir
    Path directory;

    private final List<Path> mounts = new ArrayList<>();

    @AfterEach
    void unmount() throws Exception {
        for (int i = mounts.size() - 1; i >= 0; i--) {
            Commands.run("umount", mounts.get(i).toString());
        }
    }

    @Tag("root")
    @Tag("gcc")
    @Test
    void aReleasedLockIsHandedOverToOneWhoWaitsOnEveryFileSystem() throws Exception {
        Map<String, Path> fileSystems = fileSystems();
        System.out.printf(
                Locale.ROOT, "%n%-9s %9s  %17s  %17s   (ms)%n", "", "processes", "ours: median, p99", "C: median, p99");
        try (HandOver ours = HandOver.ours(MOST_PROCESSES);
                HandOver peers = HandOver.peers(MOST_PROCESSES, directory)) {
            take(
                    ours,
                    MOST_PROCESSES,
                    directory.resolve("warm.lock")); // what is measured is not their compilers at work
            for (Map.Entry<String, Path> each : fileSystems.entrySet()) {
                for (int processes : ROUNDS.keySet()) {
                    HandOver.Turns byC = take(peers, processes, each.getValue().resolve("c.lock"));
                    HandOver.Turns byUs = take(ours, processes, each.getValue().resolve("ours.lock"));
                    System.out.printf(
                            Locale.ROOT,
                            "%-9s %9d  %17s  %17s%n",
                            each.getKey(),
                            processes,
                            figures(byUs),
                            figures(byC));
                    // The first look without an event would come 50 ms after the last one.
                    assertThat(byUs.latency(0.5))
                            .as("median of %d on %s", processes, each.getKey())
                            .isLessThan(Duration.ofMillis(5));
                }
            }
        }
    }

    @Test
    void withNoInotifyInstanceLeftTheWaitStillEnds() throws Exception {
        List<Inotify> all = new ArrayList<>();
        try {
            while (all.size() < 100_000) {
                all.add(Inotify.open());
            }
        } catch (OsException exhausted) {
            assertThat(exhausted.errno()).isEqualTo(Errno.EMFILE);
        }
        Path file = directory.resolve("k.lock");
        List<Duration> latencies = new ArrayList<>();
        try (HandOver waiter = HandOver.oursCold(1)) {
            for (int i = 0; i < 15; i++) {
                LockGuard guard = Flock.on(file).acquire(FlockMode.EXCLUSIVE);
                FutureTask<HandOver.Turns> turns = new FutureTask<>(() -> waiter.take(1, file, 1, HOLD));
                new Thread(turns).start();
                TimeUnit.MILLISECONDS.sleep(150 + 7 * i);
                long released = System.nanoTime();
                guard.close();
                long granted = turns.get(30, TimeUnit.SECONDS).turns().get(0).granted();
                latencies.add(Duration.ofNanos(granted - released));
            }
        } finally {
            for (Inotify each : all) {
                each.close();
            }
        }
        latencies.sort(null);
        System.out.println("without inotify, after the release: median, max " + milliseconds(latencies.get(7)) + " "
                + milliseconds(latencies.get(14)) + " ms (at most 100)");
        assertThat(latencies.get(0)).isPositive();
        assertThat(latencies.get(7)).isLessThan(Duration.ofMillis(100));
        assertThat(latencies.get(14)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void anInterruptedWaiterStops() throws Exception {
        List<Duration> times = new ArrayList<>();
        Flock lock = Flock.on(directory.resolve("k.lock"));
        try (LockGuard guard = lock.acquire(FlockMode.EXCLUSIVE)) {
            for (int i = 0; i < 20; i++) {
                FutureTask<LockGuard> result =
                        new FutureTask<>(() -> Flock.on(guard.lockFile()).acquire(FlockMode.EXCLUSIVE));
                Thread waiter = new Thread(result, "waiter");
                waiter.start();
                for (int close = 0; close < i; close++) { // these make it stay away, sooner or later
                    TimeUnit.MILLISECONDS.sleep(3);
                    Files.newByteChannel(guard.lockFile()).close();
                }
                TimeUnit.MILLISECONDS.sleep(20 - i);
                long start = System.nanoTime();
                waiter.interrupt();
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> result.get(30, TimeUnit.SECONDS))
                        .withCauseInstanceOf(LockInterruptedException.class);
                times.add(Duration.ofNanos(System.nanoTime() - start));
            }
        }
        times.sort(null);
        System.out.println("an interrupted waiter stops: median, max " + milliseconds(times.get(10)) + " "
                + milliseconds(times.get(19)) + " ms (at most 200)");
        assertThat(times.get(10)).isLessThan(Duration.ofMillis(200));
    }

    private static HandOver.Turns take(HandOver processes, int count, Path lockFile) throws Exception {
        int rounds = ROUNDS.getOrDefault(count, 1);
        HandOver.Turns turns = processes.take(count, lockFile, rounds, HOLD);
        assertThat(turns.overlaps()).as("held by two at once").isZero();
        for (int i = 0; i < count; i++) {
            assertThat(turns.of(i)).as("turns of process %d", i).isEqualTo(rounds);
        }
        return turns;
    }

    private Map<String, Path> fileSystems() throws Exception {
        Commands.requireRoot();
        for (String program : List.of("mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")) {
            Commands.requireProgram(program);
        }
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "needs loop devices");
        Map<String, Path> fileSystems = new LinkedHashMap<>();
        fileSystems.put("tmpfs", mount("tmpfs", "-t", "tmpfs", "tmpfs"));
        fileSystems.put("ext4", image("ext4", "64M", "-q", "-F"));
        fileSystems.put("xfs", image("xfs", "320M", "-q"));
        fileSystems.put("btrfs", image("btrfs", "128M", "-q"));
        Path layers = fileSystems.get("ext4");
        for (String layer : List.of("lower", "upper", "work")) {
            Files.createDirectory(layers.resolve(layer));
        }
        String options = "lowerdir=" + layers.resolve("lower") + ",upperdir=" + layers.resolve("upper") + ",workdir="
                + layers.resolve("work");
        fileSystems.put("overlayfs", mount("overlayfs", "-t", "overlay", "overlay", "-o", options));
        return fileSystems;
    }

    private Path image(String type, String size, String... options) throws Exception {
        Path image = directory.resolve(type + ".img");
        Commands.run("truncate", "--size", size, image.toString());
        List<String> command = new ArrayList<>(List.of("mkfs." + type));
        command.addAll(List.of(options));
        command.add(image.toString());
        Commands.run(command.toArray(String[]::new));
        return mount(type, "-t", type, "-o", "loop", image.toString());
    }

    private Path mount(String name, String... arguments) throws Exception {
        Path point = Files.createDirectory(directory.resolve(name));
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        command.add(point.toString());
        Commands.run(command.toArray(String[]::new));
        mounts.add(point);
        return point;
    }

    private static String figures(HandOver.Turns turns) {
        return milliseconds(turns.latency(0.5)) + " " + milliseconds(turns.latency(0.99));
    }

    private static String milliseconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3f", duration.toNanos() / 1e6);
    }
}
