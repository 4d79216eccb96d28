package dev.ktstr.maven.packages;

/** Who wants to know how far the work is. Called often, always on the thread that works. */
@FunctionalInterface
public interface Meter {
    /**
     * Takes note.
     *
     * @param what is being done
     * @param done bytes so far
     * @param total bytes in the end; 0 if that is not known
     */
    void at(String what, long done, long total);
}
