package dev.ktstr;

import java.util.Locale;

/** Numbers of bytes as people read them. */
public final class ByteSizes {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

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
}
