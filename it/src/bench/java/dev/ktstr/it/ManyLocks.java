package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
@BenchmarkMode(Mode.AverageTime)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class ManyLocks {
    @Param("")
    public String root = "";

    @Param("0")
    public int count;

    /** How many are seen first, so that the code is equally warm whatever the count. */
    @Param("0")
    public int before;

    private KernelCache cache = KernelCache.at(Path.of("unused"));
    private Flock lock = Flock.on(Path.of("unused"));

    @Setup
    public void warmUp() throws IOException {
        cache = KernelCache.at(Path.of(root));
        Path locks = Path.of(root, ".locks");
        lock = Flock.on(locks.resolve(count / 2 + ".lock")).withHoldersIn(locks.resolve("holders"));
        for (int seen = 0; seen < before; seen += count) {
            long held = all().stream().filter(each -> each.holders().size() == 1).count();
            if (held != count || one().size() != 1) {
                throw new IllegalStateException(held + " of " + count + " locks have a holder");
            }
        }
    }

    @Benchmark
    public List<LockHolder> one() {
        return lock.holders();
    }

    @Benchmark
    public List<ListedLock> all() throws IOException {
        return cache.locks(LockSurvey.now(Environment.system()));
    }
}
