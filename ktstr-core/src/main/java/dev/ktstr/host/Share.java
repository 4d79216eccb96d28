package dev.ktstr.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which caches to share for a number of CPUs: those that are shared already rather than others, so that whoever wants whole
 * caches finds some, and near each other.
 */
final class Share {
    private Share() {}

    /**
     * The sets of caches that will do, the best first, each ascending.
     *
     * @param budget how many allowed CPUs they must have; no more than there are
     * @param holders how many hold each cache now, by index
     */
    static List<List<LastLevelCache>> plans(Topology topology, int budget, List<Integer> holders) {
        List<LastLevelCache> usable = topology.caches().stream()
                .filter(cache -> allowed(topology, cache) > 0)
                .sorted(Comparator.comparingInt((LastLevelCache cache) -> -holders.get(cache.index()))
                        .thenComparingInt(LastLevelCache::index))
                .toList();
        Set<List<LastLevelCache>> plans = new LinkedHashSet<>();
        for (LastLevelCache first : usable) {
            plans.add(from(first, usable, topology, budget));
        }
        return List.copyOf(plans);
    }

    /** From one cache on, to its own node and then ever farther. The sort is stable: the preferred ones stay first within a node. */
    private static List<LastLevelCache> from(
            LastLevelCache first, List<LastLevelCache> usable, Topology topology, int budget) {
        List<LastLevelCache> nearest = new ArrayList<>(usable);
        nearest.sort(Comparator.comparingInt((LastLevelCache cache) -> cache.equals(first) ? 0 : 1)
                .thenComparingInt(cache -> topology.distance(first.node(), cache.node())));
        List<LastLevelCache> plan = new ArrayList<>();
        int cpus = 0;
        for (LastLevelCache cache : nearest) {
            if (cpus < budget) {
                plan.add(cache);
                cpus += allowed(topology, cache);
            }
        }
        plan.sort(Comparator.comparingInt(LastLevelCache::index));
        return plan;
    }

    private static int allowed(Topology topology, LastLevelCache cache) {
        return (int) cache.cpus().stream().filter(topology.allowed()::contains).count();
    }
}
