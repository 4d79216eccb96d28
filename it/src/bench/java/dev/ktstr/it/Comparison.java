package dev.ktstr.it;

/** A part of the suite, with a section of its own in the report. */
interface Comparison {
    /** One word, for {@code --only}. */
    String name();

    String title();

    /** What exactly is timed on both sides, on what, and in which state the page cache is; Markdown. */
    String method();

    /** Makes what is needed, and says what is to be measured; the laboratory does so later, in rounds. */
    void prepare(Laboratory laboratory, Results results) throws Exception;
}
