package dev.ktstr;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as people read them. */
public final class ByteSizes {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private static final Pattern SIZE = Pattern.compile("([0-9]+)(|[kmgtKMGT](?=iB$|$))(?:(?<=[kmgtKMGT])iB)?");

    private ByteSizes() {}

    /** Three significant digits in a binary unit: {@code 512 B}, {@code 12.5 MiB}, {@code 563 MiB}. */
    public static String format(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        do {
            value /= 1024;
            unit++;
        } while (Math.round(value) >= 1024 && unit < UNITS.length - 1);
        return String.format(Locale.ROOT, value < 99.95 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
    }

    /**
     * Reads a number of bytes: digits, and a binary unit or none, such as {@code 4096}, {@code 256M}, {@code 1GiB}.
     *
     * @throws IllegalArgumentException with what is wrong with it, for a message
     */
    public static long parse(String text) {
        Matcher size = SIZE.matcher(text.strip());
        if (!size.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no number of bytes, K, M, G or T"
                    + (text.strip().matches("[0-9]+[kmgtKMGT]B") ? " (MB could mean two things: write MiB)" : ""));
        }
        String unit = size.group(2).toUpperCase(Locale.ROOT);
        try {
            return Math.multiplyExact(
                    Long.parseLong(size.group(1)), unit.isEmpty() ? 1 : 1L << (10 * ("KMGT".indexOf(unit) + 1)));
        } catch (NumberFormatException | ArithmeticException tooLarge) {
            throw new IllegalArgumentException("\"" + text + "\" is too large", tooLarge);
        }
    }
}
