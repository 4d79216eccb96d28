package dev.ktstr.it;

import java.util.EnumSet;
import java.util.Set;

/** What is done to a store by a process that is killed, or fails, in the middle of it. */
enum Operation {
    /** Where there is no store yet. */
    PUBLISH_FIRST(
            true,
            Step.MAKE_DIRECTORY,
            Step.LOCK,
            Step.RECORD,
            Step.OPEN,
            Step.READ,
            Step.WRITE,
            Step.SYNC,
            Step.SWAP,
            Step.SETTLE,
            Step.CLOSE),
    PUBLISH(
            true,
            Step.MAKE_DIRECTORY,
            Step.LOCK,
            Step.RECORD,
            Step.OPEN,
            Step.READ,
            Step.WRITE,
            Step.SYNC,
            Step.SWAP,
            Step.SETTLE,
            Step.CLOSE),
    REPLACE(
            true,
            Step.MAKE_DIRECTORY,
            Step.LOCK,
            Step.RECORD,
            Step.OPEN,
            Step.READ,
            Step.WRITE,
            Step.SYNC,
            Step.SWAP,
            Step.SETTLE,
            Step.DELETE,
            Step.CLOSE),
    /** Where two names cannot be exchanged. */
    REPLACE_IN_PLACE("renameat2:error=EXDEV", true, Step.LOCK, Step.SYNC, Step.DELETE, Step.SWAP, Step.SETTLE),
    /** A store of what is there. */
    RECHECK(false, Step.LOCK, Step.OPEN, Step.READ, Step.SYNC, Step.CLOSE),
    REMOVE(false, Step.LOCK, Step.OPEN, Step.READ, Step.SWAP, Step.SETTLE, Step.DELETE, Step.CLOSE),
    /** Where a directory cannot be renamed. */
    REMOVE_IN_PLACE("rename:error=EXDEV", false, Step.LOCK, Step.OPEN, Step.READ, Step.SYNC, Step.DELETE, Step.CLOSE),
    /** Of more than one entry, and debris. */
    CLEAN(false, Step.LOCK, Step.OPEN, Step.READ, Step.SWAP, Step.SETTLE, Step.DELETE, Step.CLOSE),
    /** Of debris alone. */
    SWEEP(false, Step.LOCK, Step.OPEN, Step.READ, Step.DELETE, Step.CLOSE),
    TEMPLATE(
            false,
            Step.MAKE_DIRECTORY,
            Step.LOCK,
            Step.RECORD,
            Step.OPEN,
            Step.READ,
            Step.WRITE,
            Step.SYNC,
            Step.SWAP,
            Step.SETTLE,
            Step.CLOSE),
    TEMPLATE_CLEAN(false, Step.LOCK, Step.OPEN, Step.READ, Step.SWAP, Step.SETTLE, Step.DELETE, Step.CLOSE),
    /** A disk, which is kept under a name. */
    CLONE(false, Step.LOCK, Step.OPEN, Step.READ, Step.WRITE, Step.SWAP, Step.CLOSE);

    private final String surroundings;
    private final boolean isOfTwoThreads;

    @SuppressWarnings("ImmutableEnumChecker") // it is, only its type does not say so
    private final Set<Step> steps;

    Operation(boolean isOfTwoThreads, Step first, Step... others) {
        this("", isOfTwoThreads, first, others);
    }

    Operation(String surroundings, boolean isOfTwoThreads, Step first, Step... others) {
        this.surroundings = surroundings;
        this.isOfTwoThreads = isOfTwoThreads;
        this.steps = EnumSet.of(first, others);
    }

    /** What strace has to inject besides for this to be done at all; mostly nothing. */
    String surroundings() {
        return surroundings;
    }

    /** On a file system on which an entry cannot be moved in one step, so that there may be none for a while. */
    boolean isInPlace() {
        return !surroundings.isEmpty();
    }

    /** Whether some of it is done in a thread of its own. */
    boolean isOfTwoThreads() {
        return isOfTwoThreads;
    }

    /** Those that it is made of at least: if a trace does not show them, it was not read as it should be. */
    Set<Step> steps() {
        return steps;
    }

    boolean isOfTemplates() {
        return this == TEMPLATE || this == TEMPLATE_CLEAN || this == CLONE;
    }
}
