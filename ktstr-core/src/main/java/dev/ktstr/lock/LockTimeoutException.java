package dev.ktstr.lock;

import dev.ktstr.Durations;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** Somebody else held the lock for longer than we would wait. */
public final class LockTimeoutException extends KtstrException {
    private static final long serialVersionUID = 1L;

    private final transient List<LockHolder> holders;

    LockTimeoutException(
            FlockMode mode,
            String what,
            Duration timeout,
            Path lockFile,
            List<LockHolder> holders,
            Clock clock,
            String remedy) {
        this(
                "flock " + mode.operation() + " on " + what + " timed out after " + Durations.format(timeout)
                        + " (lockfile " + lockFile + ", holders: " + inline(holders, clock) + ").",
                lockFile,
                holders,
                remedy);
    }

    LockTimeoutException(String problem, Path lockFile, List<LockHolder> holders, String remedy) {
        super(ErrorCode.LOCK_TIMEOUT, problem, lockFile, remedy, null);
        this.holders = holders;
    }

    /** Who held it when we gave up; may be empty, see {@link LockHolder#describe}. */
    public List<LockHolder> holders() {
        return holders;
    }

    private static String inline(List<LockHolder> holders, Clock clock) {
        String list = LockHolder.describe(holders, clock);
        return holders.isEmpty() ? list : "\n" + list;
    }
}
