package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
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

/** A store of which many entries are held, as JMH asks by whom. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Warmup(iterations = 5)
@Measurement(iterations = 3)
public class ManyLocks {
    @Param("")
    public String root = "";

    @Param("0")
    public int count;

    /** How often in one call: as much is done, and compiled, for a small count as for a large one. */
    @Param("1")
    public int times;

    private KernelCache cache = KernelCache.at(Path.of("unused"));
    private Flock lock = Flock.on(Path.of("unused"));

    @Setup
    public void check() throws IOException {
        cache = KernelCache.at(Path.of(root));
        Path locks = Path.of(root, ".locks");
        lock = Flock.on(locks.resolve(count / 2 + ".lock")).withHoldersIn(locks.resolve("holders"));
        if (one() != times || all() != times * count) {
            throw new IllegalStateException("not each of the " + count + " locks has one holder");
        }
    }

    @Benchmark
    public int one() {
        int holders = 0;
        for (int i = 0; i < times; i++) {
            holders += lock.holders().size();
        }
        return holders;
    }

    @Benchmark
    public int all() throws IOException {
        int holders = 0;
        for (int i = 0; i < times; i++) {
            for (ListedLock each : cache.locks(LockSurvey.now(Environment.system()))) {
                holders += each.holders().size();
            }
        }
        return holders;
    }
}
