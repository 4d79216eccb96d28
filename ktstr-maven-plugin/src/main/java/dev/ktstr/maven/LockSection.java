package dev.ktstr.maven;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ktstr.Printable;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockHolder;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The locks of one kind, as a table and as an array.
 *
 * @param array the array's name
 * @param field what an element calls its lock
 * @param nodes the NUMA nodes of locks that have numbers for names; null where they have none
 */
record LockSection(
        String array,
        String heading,
        String field,
        String column,
        @Nullable IntFunction<OptionalInt> nodes,
        List<ListedLock> locks) {
    private static final String UNKNOWN_NODE = "?";

    static LockSection named(String array, String heading, String field, String column, List<ListedLock> locks) {
        return new LockSection(array, heading, field, column, null, locks);
    }

    static LockSection numbered(
            String array,
            String heading,
            String field,
            String column,
            IntFunction<OptionalInt> nodes,
            List<ListedLock> locks) {
        return new LockSection(array, heading, field, column, nodes, locks);
    }

    /** @param clock says how long ago somebody took a lock */
    List<String> lines(Clock clock) {
        List<String> lines = new ArrayList<>();
        lines.add(heading + ":");
        if (locks.isEmpty()) {
            lines.add("  (none)");
            return lines;
        }
        int name = width(column, locks.stream().map(ListedLock::name).toList());
        int file = width(
                "LOCKFILE",
                locks.stream().map(lock -> lock.lockFile().toString()).toList());
        boolean isNumbered = nodes != null;
        String row = "  %-" + name + "s  " + (isNumbered ? "%-4s  " : "%s") + "%-" + file + "s  %s";
        lines.add(String.format(Locale.ROOT, row, column, isNumbered ? "NODE" : "", "LOCKFILE", "HOLDERS"));
        for (ListedLock lock : locks) {
            String node = isNumbered ? node(lock).map(String::valueOf).orElse(UNKNOWN_NODE) : "";
            List<String> holders = holders(lock, clock);
            lines.add(String.format(Locale.ROOT, row, name(lock), node, file(lock), holders.get(0)));
            holders.stream().skip(1).forEach(each -> lines.add(String.format(Locale.ROOT, row, "", "", "", each)));
        }
        return lines;
    }

    void addTo(ObjectNode document) {
        ArrayNode elements = document.putArray(array);
        for (ListedLock lock : locks) {
            ObjectNode element = elements.addObject();
            if (nodes != null) {
                element.put(field, Integer.parseInt(lock.name()));
                element.put("numa_node", node(lock).orElse(null));
            } else {
                element.put(field, lock.name());
            }
            element.put("lockfile", lock.lockFile().toString());
            ArrayNode holders = element.putArray("holders");
            lock.holders().forEach(each -> add(holders.addObject(), each));
        }
    }

    private Optional<Integer> node(ListedLock lock) {
        OptionalInt node = nodes == null ? OptionalInt.empty() : nodes.apply(Integer.parseInt(lock.name()));
        return node.isPresent() ? Optional.of(node.getAsInt()) : Optional.empty();
    }

    private static void add(ObjectNode node, LockHolder holder) {
        node.put("pid", holder.pid());
        node.put("cmdline", holder.command());
        node.put("mode", holder.mode().operation());
        node.put("since", text(holder.since()));
        node.put("test", holder.test());
        node.put("host", holder.host());
        node.put("container", holder.container());
        node.put("pid_ns", holder.pidNamespace());
    }

    private static String name(ListedLock lock) {
        return Printable.text(lock.name());
    }

    private static String file(ListedLock lock) {
        return Printable.text(lock.lockFile().toString());
    }

    private static List<String> holders(ListedLock lock, Clock clock) {
        return lock.holders().isEmpty()
                ? List.of("<none recorded>")
                : lock.holders().stream()
                        .map(each -> each.mode().operation() + " "
                                + LockHolder.describe(List.of(each), clock).strip())
                        .toList();
    }

    private static @Nullable String text(@Nullable Instant since) {
        return since == null ? null : since.toString();
    }

    private static int width(String heading, List<String> cells) {
        return cells.stream().mapToInt(String::length).reduce(heading.length(), Math::max);
    }
}
