package dev.ktstr.it;

import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that takes a lock again and again, against others that do the same. Prints {@code ready}; then, for every line
 * {@code rounds nanoseconds file} that it reads, takes the lock so often, holds it so long each time, and prints for each time
 * {@code granted released}, in nanoseconds of the clock that all processes share (CLOCK_MONOTONIC). {@code handover.c} is the
 * same in C.
 */
final class HandOverMain {
    /** Before it takes the lock again, so that somebody who waits can. */
    private static final long AWAY_NANOS = 100_000;

    private static final int THREADS_TO_WARM_UP = 4;

    private HandOverMain() {}

    /** Argument: how often to take a lock of its own before, so that what is measured is not the loading of classes. */
    public static void main(String[] arguments) throws IOException, InterruptedException, ExecutionException {
        warmUp(Integer.parseInt(arguments[0]));
        System.out.println("ready");
        BufferedReader tasks = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String task;
        while ((task = tasks.readLine()) != null) {
            String[] words = task.split(" ", 3);
            System.out.print(take(Path.of(words[2]), Integer.parseInt(words[0]), Long.parseLong(words[1])));
            System.out.flush();
        }
    }

    private static String take(Path file, int rounds, long hold) throws IOException {
        Flock lock = Flock.on(file);
        long[] granted = new long[rounds];
        long[] released = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            try (LockGuard guard = lock.acquire(FlockMode.EXCLUSIVE)) {
                granted[i] = System.nanoTime();
                LockSupport.parkNanos(hold);
                released[i] = System.nanoTime();
            }
            LockSupport.parkNanos(AWAY_NANOS);
        }
        StringBuilder turns = new StringBuilder();
        for (int i = 0; i < rounds; i++) {
            turns.append(granted[i]).append(' ').append(released[i]).append('\n');
        }
        return turns.toString();
    }

    private static void warmUp(int rounds) throws IOException, InterruptedException, ExecutionException {
        Path file = Files.createTempFile("handover", ".lock");
        ExecutorService threads = Executors.newFixedThreadPool(THREADS_TO_WARM_UP);
        try {
            List<Future<String>> all = new ArrayList<>();
            for (int i = 0; i < THREADS_TO_WARM_UP; i++) {
                all.add(threads.submit(() -> take(file, rounds, TimeUnit.MICROSECONDS.toNanos(300))));
            }
            for (Future<String> each : all) {
                each.get();
            }
        } finally {
            threads.shutdown();
            Files.delete(file);
        }
    }
}
