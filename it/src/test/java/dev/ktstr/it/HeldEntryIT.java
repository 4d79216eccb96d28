package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.lock.LockTimeoutException;
import dev.ktstr.publish.CleanReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An entry under the shared lock of another program, which knows nothing of us but the lock file. */
@Tag("kernel")
class HeldEntryIT {
    @TempDir
    Path directory;

    RealKernel kernel;
    KernelCache cache;

    @BeforeEach
    void storeTheKernel() throws Exception {
        kernel = RealKernel.require();
        cache = KernelCache.at(directory.resolve("kernels"));
        cache.store(kernel.request().key("held").build());
    }

    @Test
    void aSharedHolderBlocksAReplaceAndIsNamed() throws Exception {
        Process holder = holdShared();
        try {
            LockTimeoutException timeout = catchThrowableOfType(LockTimeoutException.class, this::replace);
            assertThat(timeout)
                    .hasMessageContaining("flock LOCK_EX on cache entry \"held\" timed out after 200ms")
                    .hasMessageContaining("pid=" + holder.pid() + " cmd=sleep 60")
                    .hasMessageContaining("KTSTR_CACHE_STORE_LOCK_TIMEOUT");
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertThat(replace().outcome()).isEqualTo(StoreResult.Outcome.REPLACED);
    }

    @Test
    void cleaningSkipsTheEntryAndNamesTheHolder() throws Exception {
        Process holder = holdShared();
        try {
            CleanReport report = cache.clean(CleanPolicy.builder().all(true).build());
            assertThat(report.removed()).isEmpty();
            assertThat(report.skipped())
                    .singleElement()
                    .satisfies(skipped -> assertThat(skipped.why()).contains("pid=" + holder.pid()));
            assertThat(cache.lookup("held")).isPresent();
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertThat(cache.clean(CleanPolicy.builder().all(true).build()).removed())
                .hasSize(1);
    }

    @Test
    void anEntryIsWaitedForUntilItsHolderHasGone() throws Exception {
        Process holder = holdShared();
        Process store =
                StoreMain.start(cache.root(), "held", kernel.withConfig(directory.resolve("other"), "# other\n"));
        StoreMain.go(store);
        String waiting = store.inputReader().readLine();
        while (waiting != null && !waiting.contains("waiting for cache entry \"held\"")) {
            waiting = store.inputReader().readLine();
        }
        assertThat(waiting).isNotNull();
        holder.destroyForcibly().waitFor();
        assertThat(store.inputReader().lines()).contains("REPLACED true");
        assertThat(store.waitFor()).isZero();
    }

    private StoreResult replace() throws Exception {
        return cache.store(kernel.request()
                .key("held")
                .replace(true)
                .lockTimeout(Duration.ofMillis(200))
                .build());
    }

    /** util-linux flock(1); the line it lets its child print says that it has the lock. */
    private Process holdShared() throws Exception {
        Path lockFile = cache.root().resolve(".locks/held.lock");
        Process holder = Commands.start(
                List.of("flock", "--shared", "--no-fork", lockFile.toString(), "sh", "-c", "echo held; exec sleep 60"));
        holder.inputReader().readLine();
        return holder;
    }
}
