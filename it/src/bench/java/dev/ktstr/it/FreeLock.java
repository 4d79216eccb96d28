package dev.ktstr.it;

import dev.ktstr.KtstrException;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A free lock, as JMH takes and releases it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@Warmup(iterations = 5)
@Measurement(iterations = 5)
public class FreeLock {
    @Param("")
    public String file = "";

    @Param("EXCLUSIVE")
    public FlockMode mode = FlockMode.EXCLUSIVE;

    private Flock lock = Flock.on(Path.of("unused"));

    @Setup
    public void describe() {
        lock = Flock.on(Path.of(file));
    }

    @Benchmark
    public void takeAndRelease() throws KtstrException {
        try (LockGuard guard = lock.tryAcquire(mode).orElseThrow()) {}
    }
}
