package dev.ktstr.host;

import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import dev.ktstr.os.Closer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * CPUs that have been reserved, until this is closed, or this process ends. Closing again does nothing. Immutable but for
 * that; may be closed by another thread.
 */
public final class Reservation implements AutoCloseable {
    private final List<Integer> cpus;
    private final List<LastLevelCache> caches;
    private final boolean confines;
    private final Programs programs;
    private final Closer.Resource locks;

    Reservation(
            List<Integer> cpus,
            List<LastLevelCache> caches,
            boolean confines,
            Programs programs,
            Closer.Resource locks) {
        this.cpus = List.copyOf(cpus);
        this.caches = List.copyOf(caches);
        this.confines = confines;
        this.programs = programs;
        this.locks = locks;
    }

    /** The CPUs, ascending, by the kernel's numbers. */
    public List<Integer> cpus() {
        return cpus;
    }

    /** The indices of the last-level caches that they share, ascending. */
    public List<Integer> llcs() {
        return caches.stream().map(LastLevelCache::index).toList();
    }

    /** The NUMA nodes of these caches, ascending. */
    public List<Integer> memoryNodes() {
        return caches.stream().map(LastLevelCache::node).distinct().sorted().toList();
    }

    /**
     * Some of these CPUs, for one of several that share the reservation; all of them where nothing was to be reserved
     * ({@code KTSTR_BYPASS_LLC_LOCKS}). Closing that does nothing.
     *
     * @param first counts them from 0
     * @throws IndexOutOfBoundsException if there are not so many
     */
    public Reservation part(int first, int count) {
        if (!confines) {
            return new Reservation(cpus, caches, false, programs, () -> {});
        }
        List<Integer> some = cpus.subList(first, first + count);
        List<LastLevelCache> ofThese = caches.stream()
                .filter(cache -> some.stream().anyMatch(cache.cpus()::contains))
                .toList();
        return new Reservation(some, ofThese, count > 0, programs, () -> {});
    }

    /**
     * The command that runs another on the CPUs that are reserved, and all that it starts: by {@code taskset(1)}. The same
     * command where nothing was to be reserved ({@code KTSTR_BYPASS_LLC_LOCKS}, or no CPUs).
     *
     * @throws HostException if there is no {@code taskset}
     */
    public List<String> confine(List<String> command) throws HostException {
        if (!confines) {
            return List.copyOf(command);
        }
        Path taskset = programs.find("taskset")
                .orElseThrow(() -> new HostException(
                        ErrorCode.HOST_CPUS,
                        "confining a program to CPUs " + CpuList.format(cpus) + ": " + programs.missing("taskset"),
                        null,
                        Programs.install("util-linux", "util-linux"),
                        null));
        List<String> confined = new ArrayList<>(List.of(taskset.toString(), "-c", CpuList.format(cpus)));
        confined.addAll(command);
        return confined;
    }

    @Override
    public synchronized void close() throws IOException {
        locks.close();
    }

    /** Such as {@code CPUs 0-1}. */
    @Override
    public String toString() {
        return (cpus.size() == 1 ? "CPU " : "CPUs ") + CpuList.format(cpus);
    }
}
