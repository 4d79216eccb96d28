package dev.ktstr.it;

import java.util.Locale;

/** What is measured, and how it is written. */
enum Unit {
    SECONDS {
        @Override
        String format(double seconds) {
            double size = Math.abs(seconds);
            return size < 0.9995e-6
                    ? three(seconds * 1e9) + " ns"
                    : size < 0.9995e-3
                            ? three(seconds * 1e6) + " µs"
                            : size < 0.9995 ? three(seconds * 1e3) + " ms" : three(seconds) + " s";
        }
    },

    BYTES {
        @Override
        String format(double bytes) {
            return three(bytes / (1 << 20)) + " MiB";
        }
    };

    abstract String format(double value);

    /** Three digits, as many as these measurements are worth. */
    static String three(double value) {
        double size = Math.abs(value);
        String pattern = size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f";
        return String.format(Locale.ROOT, pattern, value);
    }
}
