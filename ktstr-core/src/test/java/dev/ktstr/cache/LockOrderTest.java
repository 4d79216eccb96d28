package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.StoreResult.Outcome;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nobody waits for a lock while holding one that the other side may wait for. The order is: source tree, kernel entry, disk
 * template, host resources; here are the pairs of kernel entries.
 */
@Timeout(15) // far below the 20 s that these requests would wait
class LockOrderTest {
    @TempDir
    Path directory;

    StoreFixture fixture;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
    }

    @Test
    void whoeverHoldsAKernelIsToldAtOnceThatReplacingItWouldWaitForThemselves() throws Exception {
        fixture.store("k");
        try (KernelLease held = fixture.cache().lease("k")) {
            assertThatThrownBy(() -> fixture.cache()
                            .store(fixture.request("k").replace(true).build()))
                    .isInstanceOfSatisfying(
                            KtstrException.class,
                            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.LOCK_SELF))
                    .hasMessageContaining("this thread holds that lock itself");
            held.check();
        }
    }

    @Test
    void whoeverHoldsAKernelCanStoreItAgainWhereThatIsNothingToDo() throws Exception {
        fixture.store("k");
        try (KernelLease held = fixture.cache().lease("k")) {
            assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.ALREADY_STORED);
            held.check();
        }
    }

    @Test
    void whoeverHoldsAKernelCanHoldItAgainAndStoreAnother() throws Exception {
        fixture.store("a");
        try (KernelLease first = fixture.cache().lease("a");
                KernelLease second = fixture.cache().lease("a")) {
            assertThat(fixture.store("b").outcome()).isEqualTo(Outcome.STORED);
            assertThat(first.entry().directory()).isEqualTo(second.entry().directory());
        }
    }

    @Test
    void anotherThreadOfTheProcessIsWaitedForLikeAnotherProcess() throws Exception {
        fixture.store("k");
        CompletableFuture<StoreResult> store;
        try (KernelLease held = fixture.cache().lease("k")) {
            store = CompletableFuture.supplyAsync(() -> {
                try {
                    return fixture.cache()
                            .store(fixture.request("k").replace(true).build());
                } catch (IOException failed) {
                    throw new AssertionError(failed);
                }
            });
            CompletableFuture<StoreResult> pending = store;
            assertThatThrownBy(() -> pending.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            held.check();
        }
        assertThat(store.get().outcome()).isEqualTo(Outcome.REPLACED);
    }

    @Test
    void aStoreLooksForDebrisWithoutWaitingForTheLocksOfOthers() throws Exception {
        Path theirs = Files.createDirectories(fixture.root.resolve(".tmp-other-77.0123abcd"));
        Files.createDirectories(fixture.root.resolve(".locks"));
        try (LockGuard writing =
                Flock.on(fixture.root.resolve(".locks/other.lock")).acquire(FlockMode.EXCLUSIVE)) {
            assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.STORED);
            assertThat(theirs).isDirectory();
            assertThat(writing.mode()).isEqualTo(FlockMode.EXCLUSIVE);
        }
        fixture.cache().store(fixture.request("k").replace(true).build());
        assertThat(theirs).doesNotExist();
    }

    @Test
    void cleaningSkipsWhatThisThreadHolds() throws Exception {
        fixture.store("a");
        fixture.store("b");
        try (KernelLease held = fixture.cache().lease("a")) {
            CleanReport report =
                    fixture.cache().clean(CleanPolicy.builder().all(true).build());

            assertThat(report.removed()).extracting(CleanReport.Removed::key).containsExactly("b");
            assertThat(report.skipped()).extracting(CleanReport.Skipped::key).containsExactly("a");
            held.check();
        }
    }
}
