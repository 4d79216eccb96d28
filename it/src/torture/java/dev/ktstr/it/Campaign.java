package dev.ktstr.it;

/** One way in which the suite tries to break the store, many times over. */
interface Campaign {
    /** One word, for {@code --only}. */
    String name();

    /** What is done to the store, for the report. */
    String title();

    void run(Arena arena, Trials trials) throws Exception;
}
