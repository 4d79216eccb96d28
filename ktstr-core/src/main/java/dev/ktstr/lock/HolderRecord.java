package dev.ktstr.lock;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a holder says of itself; null where it does not. Read from a file that any user may have written.
 *
 * @param pid in the pid namespace {@code pidNamespace}, or rather in that of the holder's {@code /proc}
 */
record HolderRecord(
        @Nullable String host,
        @Nullable String bootId,
        @Nullable Long pidNamespace,
        @Nullable String container,
        long pid,
        @Nullable String command,
        @Nullable String test,
        FlockMode mode,
        @Nullable Instant since) {

    record Work(
            @Nullable String bootId,
            @Nullable Long pidNamespace,
            long pid,
            @Nullable String test) {}

    /** Whether it is of the machine that the other runs on, as far as one can tell. */
    boolean isOfTheMachineOf(ThisProcess other) {
        return bootId != null && bootId.equals(other.bootId());
    }

    /** Whether its pid means to the other what it means to itself. */
    boolean isOfTheNamespaceOf(ThisProcess other) {
        return isOfTheMachineOf(other) && pidNamespace != null && pidNamespace.equals(other.pidNamespace());
    }

    /** The same for all records of one process that works for one test. */
    Work work() {
        return new Work(bootId, pidNamespace, pid, test);
    }

    /** For a process that this one sees in its own {@code /proc}. */
    LockHolder holder(long visiblePid, String visibleCommand, FlockMode visibleMode) {
        return new LockHolder(visiblePid, visibleCommand, visibleMode, since, test, host, container, null);
    }

    /** For a process of which there is nothing but this record. */
    LockHolder holder(ThisProcess here) {
        return new LockHolder(
                pid,
                Objects.requireNonNullElse(command, Processes.NO_COMMAND),
                mode,
                since,
                test,
                host,
                container,
                isOfTheNamespaceOf(here) ? null : pidNamespace);
    }
}
