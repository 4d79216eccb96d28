package dev.ktstr.elf;

import java.util.List;

/**
 * What a strip did. Immutable.
 *
 * @param kind which of the two ways produced the result
 * @param bytesIn length of the source in bytes, holes counted
 * @param bytesOut bytes written to the target; holes are not written and not counted
 * @param kept names of the sections that stay, with or without their bytes, in the order of the section headers
 * @param dropped names of the sections that are gone, in the same order; a name may occur more than once
 */
public record StripReport(Kind kind, long bytesIn, long bytesOut, List<String> kept, List<String> dropped) {
    /** The two ways to strip. */
    public enum Kind {
        /** Only what a consumer needs was kept; see the package documentation. */
        KEEP_LIST("keep-list"),
        /** Debug sections and their relocations were removed and everything else was kept. */
        DEBUG_PREFIX("debug-prefix");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** The word for it in metadata and messages, such as {@code keep-list}. */
        public String text() {
            return text;
        }
    }

    public StripReport {
        kept = List.copyOf(kept);
        dropped = List.copyOf(dropped);
    }
}
