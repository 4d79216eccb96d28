package dev.ktstr;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as people write them: {@code 30s}, {@code 1h 30m}, {@code 7d}. The grammar is that of Rust's
 * <a href="https://docs.rs/humantime">humantime</a>, so that one {@code KTSTR_CACHE_STORE_LOCK_TIMEOUT} serves both
 * implementations.
 */
public final class Durations {
    /** What to type instead, for messages about text that does not parse. */
    public static final String EXAMPLES = "write it like 30s, 5m, 1h 30m or 7d (units: ns us ms s m h d w M y)";

    private static final Pattern SPAN = Pattern.compile("\\s*([0-9][0-9\\s]*)([A-Za-zµ]+)\\s*");
    private static final Map<String, Duration> UNITS = units();

    private Durations() {}

    /**
     * Parses one or more {@code <integer><unit>} spans, which are summed; a bare {@code 0} is zero. Units are
     * case-sensitive: {@code m} is a minute, {@code M} a month of 30.44 days.
     *
     * @throws IllegalArgumentException if the text is anything else, or the sum exceeds 2<sup>63</sup> seconds
     */
    public static Duration parse(String text) {
        if (text.strip().equals("0")) {
            return Duration.ZERO;
        }
        Matcher span = SPAN.matcher(text);
        Duration sum = Duration.ZERO;
        int end = 0;
        try {
            while (span.lookingAt()) {
                Duration unit = UNITS.get(span.group(2));
                if (unit == null) {
                    throw new IllegalArgumentException("unknown unit \"" + span.group(2) + "\" in \"" + text + "\"");
                }
                sum = sum.plus(unit.multipliedBy(Long.parseLong(span.group(1).replaceAll("\\s", ""))));
                end = span.end();
                span.region(end, text.length());
            }
        } catch (ArithmeticException | NumberFormatException overflow) {
            throw new IllegalArgumentException("duration \"" + text + "\" is too large", overflow);
        }
        if (end == 0 || end != text.length()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a duration");
        }
        return sum;
    }

    /** Whole seconds as {@code 300s}, everything finer as {@code 150ms}. */
    public static String format(Duration duration) {
        boolean whole = duration.toMillisPart() == 0 || Math.abs(duration.toSeconds()) >= Long.MAX_VALUE / 1000;
        return whole ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }

    /** The shorter of two. */
    public static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Map<String, Duration> units() {
        Map<String, Duration> units = new HashMap<>();
        put(units, Duration.ofNanos(1), "ns nsec nanos");
        put(units, Duration.ofNanos(1_000), "us usec µs");
        put(units, Duration.ofMillis(1), "ms msec millis");
        put(units, Duration.ofSeconds(1), "s sec secs second seconds");
        put(units, Duration.ofMinutes(1), "m min mins minute minutes");
        put(units, Duration.ofHours(1), "h hr hrs hour hours");
        put(units, Duration.ofDays(1), "d day days");
        put(units, Duration.ofDays(7), "w wk wks week weeks");
        put(units, Duration.ofSeconds(2_630_016), "M month months");
        put(units, Duration.ofHours(8_766), "y yr yrs year years");
        return Map.copyOf(units);
    }

    private static void put(Map<String, Duration> units, Duration length, String names) {
        for (String name : names.split(" ", -1)) {
            units.put(name, length);
        }
    }
}
