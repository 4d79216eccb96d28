package dev.ktstr.host;

import java.util.NavigableSet;

/**
 * A last-level cache.
 *
 * @param index counts them in the order of the kernel's ids, from 0
 * @param node the NUMA node of most of its CPUs
 * @param cpus those that share it and are online
 */
public record LastLevelCache(int index, int node, NavigableSet<Integer> cpus) {}
