package dev.ktstr.host;

import dev.ktstr.ErrorCode;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which CPUs share what. Read from sysfs ({@code Documentation/ABI/testing/sysfs-devices-system-cpu} and
 * {@code sysfs-devices-node}); where that says nothing of caches, as in some containers and on some arm64 machines, all CPUs
 * count as sharing one.
 */
public final class Topology {
    private static final Path DEVICES = Path.of("/sys/devices/system");
    private static final Pattern INDEX = Pattern.compile("index[0-9]+");
    private static final Pattern NODE = Pattern.compile("node([0-9]{1,6})");

    /** What the kernel says of a node that cannot be reached, and we of one that it says nothing about. */
    private static final int FARTHEST = 255;

    private final List<LastLevelCache> caches;
    private final NavigableSet<Integer> allowed;
    private final Map<Integer, NavigableSet<Integer>> nodes;
    private final Map<Integer, List<Integer>> distances;

    private Topology(
            List<LastLevelCache> caches,
            NavigableSet<Integer> allowed,
            Map<Integer, NavigableSet<Integer>> nodes,
            Map<Integer, List<Integer>> distances) {
        this.caches = caches;
        this.allowed = allowed;
        this.nodes = nodes;
        this.distances = distances;
    }

    /** This machine's, and where the calling thread may run. */
    public static Topology read() throws IOException {
        NavigableSet<Integer> allowed = new TreeSet<>();
        Machine.allowedCpus().stream().forEach(allowed::add);
        return read(DEVICES, allowed);
    }

    static Topology read(Path devices, NavigableSet<Integer> allowed) throws IOException {
        try {
            Map<Integer, NavigableSet<Integer>> nodes = nodes(devices.resolve("node"));
            // Under lxcfs the file counts the container's CPUs from 0, whichever they are.
            NavigableSet<Integer> online = new TreeSet<>(allowed);
            cpus(devices.resolve("cpu/online")).ifPresent(online::addAll);
            return new Topology(
                    caches(devices.resolve("cpu"), online, nodes), allowed, nodes, distances(devices, nodes));
        } catch (IllegalArgumentException strange) {
            throw new HostException(
                    ErrorCode.HOST_CPUS,
                    "looking for CPUs: what the kernel says of them is not understood: " + strange.getMessage(),
                    devices,
                    "report it, with that text",
                    null);
        }
    }

    /** By index. */
    public List<LastLevelCache> caches() {
        return caches;
    }

    /** The CPUs that this process may use, and that are online. */
    public NavigableSet<Integer> allowed() {
        return new TreeSet<>(allowed);
    }

    /** The NUMA node of a CPU; empty if the kernel does not say. */
    public OptionalInt nodeOf(int cpu) {
        return nodes.entrySet().stream()
                .filter(node -> node.getValue().contains(cpu))
                .mapToInt(Map.Entry::getKey)
                .findFirst();
    }

    /** How far it is, as the firmware has it: 10 within a node, 255 for what cannot be reached or is not known. */
    int distance(int from, int to) {
        List<Integer> row = distances.getOrDefault(from, List.of());
        // The numbers are those of the nodes in order, of which some may be missing.
        int position = new ArrayList<>(nodes.keySet()).indexOf(to);
        return position >= 0 && position < row.size() ? row.get(position) : from == to ? 10 : FARTHEST;
    }

    private static List<LastLevelCache> caches(
            Path cpuDirectory, NavigableSet<Integer> online, Map<Integer, NavigableSet<Integer>> nodes)
            throws IOException {
        NavigableMap<Integer, NavigableSet<Integer>> groups = new TreeMap<>();
        for (int cpu : online) {
            int id = lastLevel(cpuDirectory.resolve("cpu" + cpu + "/cache"));
            groups.computeIfAbsent(id, absent -> new TreeSet<>()).add(cpu);
        }
        List<LastLevelCache> caches = new ArrayList<>();
        for (NavigableSet<Integer> group : groups.values()) {
            caches.add(new LastLevelCache(caches.size(), mostlyOn(group, nodes), group));
        }
        return List.copyOf(caches);
    }

    /**
     * What the kernel calls the cache of the highest level; instructions alone do not count. Where it gives no id, the first
     * CPU that shares it; where it shows no caches, 0.
     */
    private static int lastLevel(Path cacheDirectory) throws IOException {
        int highest = 0;
        int id = 0;
        for (Path index : matching(cacheDirectory, INDEX)) {
            int level = text(index.resolve("level")).map(Integer::parseInt).orElse(0);
            boolean isOfData =
                    text(index.resolve("type")).filter("Instruction"::equals).isEmpty();
            if (level > highest && isOfData) {
                Optional<Integer> given = text(index.resolve("id")).map(Integer::parseInt);
                Optional<Integer> first = cpus(index.resolve("shared_cpu_list"))
                        .filter(sharing -> !sharing.isEmpty())
                        .map(NavigableSet::first);
                highest = level;
                id = given.or(() -> first).orElse(0);
            }
        }
        return id;
    }

    private static int mostlyOn(NavigableSet<Integer> cpus, Map<Integer, NavigableSet<Integer>> nodes) {
        int best = 0;
        long most = 0;
        for (Map.Entry<Integer, NavigableSet<Integer>> node : nodes.entrySet()) {
            long here = cpus.stream().filter(node.getValue()::contains).count();
            if (here > most) {
                most = here;
                best = node.getKey();
            }
        }
        return best;
    }

    private static Map<Integer, NavigableSet<Integer>> nodes(Path nodeDirectory) throws IOException {
        Map<Integer, NavigableSet<Integer>> nodes = new TreeMap<>();
        for (Path node : matching(nodeDirectory, NODE)) {
            Matcher name = NODE.matcher(String.valueOf(node.getFileName()));
            Optional<NavigableSet<Integer>> cpus = cpus(node.resolve("cpulist"));
            if (name.matches() && cpus.isPresent()) {
                nodes.put(Integer.parseInt(name.group(1)), cpus.get());
            }
        }
        return nodes;
    }

    private static Map<Integer, List<Integer>> distances(Path devices, Map<Integer, NavigableSet<Integer>> nodes)
            throws IOException {
        Map<Integer, List<Integer>> distances = new HashMap<>();
        for (int node : nodes.keySet()) {
            Optional<String> row = text(devices.resolve("node/node" + node + "/distance"));
            if (row.isPresent()) {
                distances.put(
                        node,
                        Arrays.stream(row.get().split("\\s+"))
                                .map(Integer::parseInt)
                                .toList());
            }
        }
        return distances;
    }

    private static Optional<NavigableSet<Integer>> cpus(Path file) throws IOException {
        return text(file).map(CpuList::parse);
    }

    private static Optional<String> text(Path file) throws IOException {
        try {
            return Optional.of(
                    Files.readString(file, StandardCharsets.ISO_8859_1).strip());
        } catch (NoSuchFileException unknown) {
            return Optional.empty();
        }
    }

    private static List<Path> matching(Path directory, Pattern names) throws IOException {
        List<Path> matching = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path each : all) {
                if (names.matcher(String.valueOf(each.getFileName())).matches()) {
                    matching.add(each);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException unknown) {
            return List.of();
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return matching;
    }
}
