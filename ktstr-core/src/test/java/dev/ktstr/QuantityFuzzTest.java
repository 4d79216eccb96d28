package dev.ktstr;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Sizes and durations, as users write them. */
public final class QuantityFuzzTest extends FuzzTarget {
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> read(new String(input, StandardCharsets.UTF_8)));
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }

    private static void read(String text) {
        try {
            long size = ByteSizes.parse(text);
            check(size >= 0, "a size is not negative");
            check(!ByteSizes.format(size).isEmpty(), "a size can be shown");
            check(ByteSizes.parse(Long.toString(size)) == size, "a number of bytes is itself");
        } catch (IllegalArgumentException refused) {
            check(String.valueOf(refused.getMessage()).contains(text), "the refusal says of what");
        }
        try {
            Duration duration = Durations.parse(text);
            check(!duration.isNegative(), "a duration is not negative");
            String shown = Durations.format(duration);
            // Beyond that they are whole seconds.
            if (duration.toNanosPart() % 1_000_000 == 0 && duration.toSeconds() < Long.MAX_VALUE / 1000) {
                check(Durations.parse(shown).equals(duration), "what is shown is the same duration");
            }
        } catch (IllegalArgumentException refused) {
            check(String.valueOf(refused.getMessage()).contains(text), "the refusal says of what");
        }
        check(isPlain(Printable.text(text)), "what has been made printable is");
    }
}
