package dev.ktstr.maven.build;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.StoreResult;

/** What came of a build. */
public sealed interface BuildOutcome {
    /** Nothing was built: it is there already. */
    record Hit(KernelEntry entry) implements BuildOutcome {}

    /** It was built and stored. */
    record Stored(StoreResult result) implements BuildOutcome {}

    /**
     * It was built, and lies in the tree.
     *
     * @param why it was not stored
     * @param remedy what to do to have it stored
     */
    record NotStored(String why, String remedy) implements BuildOutcome {}
}
