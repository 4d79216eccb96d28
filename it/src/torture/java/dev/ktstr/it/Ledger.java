package dev.ktstr.it;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * What may be under each key of a store, as far as its users have said: what the last call that returned has put there, or
 * what any call has meant to put there that has begun since. Of one key there is one call at a time. Safe for several threads.
 */
final class Ledger {
    static final String STORE = "store";
    static final String REMOVAL = "removal";
    static final String TEMPLATE = "template";
    static final String TEMPLATE_REMOVAL = "template's removal";

    /** There is nothing. */
    static final String ABSENT = "-";

    /** There is something of which one does not know yet what. */
    static final String ANY = "any";

    private final Map<String, Set<String>> possible = new HashMap<>();
    private final Map<String, String> last = new HashMap<>();
    private final Map<String, String> underWay = new TreeMap<>();
    private final Set<String> done = new TreeSet<>();
    private final List<String> history = new ArrayList<>();
    private boolean closed;

    synchronized void begun(String key, String value) {
        history.add(key + " <- " + value);
        last.remove(key);
        if (isChange(key, value)) {
            underWay.put(key, kind(key, value));
        }
        values(key).add(value);
    }

    synchronized void returned(String key, String value) {
        history.add(key + " == " + value + (closed ? " (after the cut)" : ""));
        last.put(key, value);
        String kind = underWay.remove(key);
        Set<String> values = values(key);
        if (!closed) {
            values.clear();
            if (kind != null) {
                done.add(kind);
                notifyAll();
            }
        }
        values.add(value);
    }

    /** The kinds of calls that have begun and not returned, of those that change something. */
    synchronized Set<String> underWay() {
        return new TreeSet<>(underWay.values());
    }

    /** Comes back when a call of that kind has changed something and returned, or after some time. */
    synchronized void awaitDone(String kind, long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis;
                !done.contains(kind) && left > 0;
                left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())) {
            wait(left);
        }
    }

    /** The kinds of calls that have changed something and returned, since what there is was last {@link #found}. */
    synchronized Set<String> done() {
        return new TreeSet<>(done);
    }

    /** From now on what returns proves nothing: it may have happened after the cut. */
    synchronized void close() {
        closed = true;
    }

    /** What has been found is what there is. */
    synchronized void found(Map<String, String> values) {
        closed = false;
        history.clear();
        possible.clear();
        last.clear();
        underWay.clear();
        done.clear();
        values.forEach(this::returned);
    }

    synchronized Set<String> possible(String key) {
        Set<String> values = possible.get(key);
        return values == null ? Set.of(ABSENT) : Set.copyOf(values);
    }

    /** What the last call on a key has put there, before the cut or after it; empty if that one has not returned. */
    synchronized Optional<String> last(String key) {
        return Optional.ofNullable(last.get(key));
    }

    synchronized Set<String> keys() {
        return new TreeSet<>(possible.keySet());
    }

    /** The calls since the last cut, in the order in which they were heard of. */
    synchronized String history() {
        return String.join("; ", history);
    }

    private boolean isChange(String key, String value) {
        Set<String> before = possible(key);
        return value.equals(ANY) ? before.contains(ABSENT) : !before.equals(Set.of(value));
    }

    private static String kind(String key, String value) {
        if (key.equals(LoadMain.TEMPLATE)) {
            return value.equals(ABSENT) ? TEMPLATE_REMOVAL : TEMPLATE;
        }
        return value.equals(ABSENT) ? REMOVAL : STORE;
    }

    private Set<String> values(String key) {
        return possible.computeIfAbsent(key, first -> new TreeSet<>(Set.of(ABSENT)));
    }
}
