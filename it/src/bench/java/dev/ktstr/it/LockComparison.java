package dev.ktstr.it;

import dev.ktstr.lock.FlockMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A lock that is free. */
final class LockComparison implements Comparison {
    @Override
    public String name() {
        return "lock";
    }

    @Override
    public String title() {
        return "Take and release a free lock";
    }

    @Override
    public String method() {
        return """
                `Flock.tryAcquire` and `close`, in a JVM that has done it for a second, against the same system calls in a loop in C:
                open, fstatfs (whether the file system does `flock` at all), flock, statx of the name and of the descriptor (whether
                the file still has its name), unlock, close. One lock file on the disk.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        String file = laboratory.newDirectory().resolve("free.lock").toString();
        String floors = laboratory.program("floors.c").toString();
        for (FlockMode mode :
                laboratory.effort().isWhole() ? FlockMode.values() : new FlockMode[] {FlockMode.EXCLUSIVE}) {
            Map<String, String> parameters = Map.of("file", file, "mode", mode.name());
            List<Pair> pairs = laboratory.pairs(
                    () -> Jmh.seconds(laboratory.effort(), FreeLock.class, "takeAndRelease", parameters),
                    () -> Laboratory.number(floors, "lock", file, mode.name()));
            results.figure(() -> new Figure(
                    "lock-" + mode.name().toLowerCase(Locale.ROOT),
                    "`Flock.tryAcquire`, `close`, " + mode.operation(),
                    "the system calls in C",
                    Unit.SECONDS,
                    Target.ratio(3),
                    pairs));
        }
    }
}
