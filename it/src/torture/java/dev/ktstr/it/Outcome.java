package dev.ktstr.it;

import java.util.List;

/**
 * What an operation made of it.
 *
 * @param end how it ended
 * @param text what it returned, or threw
 * @param told lines: {@code removed}, {@code skipped} or {@code failed} with a key and why, {@code warning}, {@code leaked}
 */
record Outcome(End end, String text, List<String> told) {
    enum End {
        /** It returned. */
        DONE,
        /** It threw an exception that says what to do. */
        REFUSED,
        /** It threw another one. */
        BUG,
        /** Its process died. */
        KILLED
    }

    static Outcome killed() {
        return new Outcome(End.KILLED, "", List.of());
    }

    boolean hasTold(String beginning) {
        return told.stream().anyMatch(line -> line.startsWith(beginning));
    }

    /** Whether that is what it says when nothing goes wrong, warnings aside. */
    boolean isLike(Outcome other) {
        return end == other.end && text.equals(other.text) && withoutWarnings().equals(other.withoutWarnings());
    }

    private List<String> withoutWarnings() {
        return told.stream().filter(line -> !line.startsWith("warning ")).toList();
    }
}
