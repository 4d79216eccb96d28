package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SideBySideTest {
    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void bothAreUnderWayAtTheSameTimeAndTheSecondInTheCallersThread() throws IOException {
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        AtomicReference<Thread> thread = new AtomicReference<>();

        SideBySide.run(
                () -> {
                    first.countDown();
                    await(second);
                },
                () -> {
                    await(first);
                    thread.set(Thread.currentThread());
                    second.countDown();
                });

        assertThat(thread.get()).isSameAs(Thread.currentThread());
    }

    @Test
    void whatTheFirstThrowsComesBeforeWhatTheSecondThrows() {
        IOException first = new IOException("first");
        IOException second = new IOException("second");

        assertThatThrownBy(() -> SideBySide.run(
                        () -> {
                            throw first;
                        },
                        () -> {
                            throw second;
                        }))
                .isSameAs(first)
                .hasSuppressedException(second);
        assertThatThrownBy(() -> SideBySide.run(
                        () -> {
                            throw first;
                        },
                        () -> {}))
                .isSameAs(first);
    }

    @Test
    void bugsAndErrorsOfTheFirstComeOutAsTheyAre() {
        RuntimeException bug = new IllegalStateException("bug");
        Error error = new AssertionError("error");

        assertThatThrownBy(() -> SideBySide.run(
                        () -> {
                            throw bug;
                        },
                        () -> {}))
                .isSameAs(bug);
        assertThatThrownBy(() -> SideBySide.run(
                        () -> {
                            throw error;
                        },
                        () -> {}))
                .isSameAs(error);
    }

    @Test
    void theFirstHasEndedWhenTheSecondsFailureComesOut() {
        AtomicBoolean isDone = new AtomicBoolean();
        CountDownLatch failing = new CountDownLatch(1);
        IOException second = new IOException("second");

        assertThatThrownBy(() -> SideBySide.run(
                        () -> {
                            await(failing);
                            isDone.set(true);
                        },
                        () -> {
                            failing.countDown();
                            throw second;
                        }))
                .isSameAs(second)
                .hasNoSuppressedExceptions();
        assertThat(isDone).isTrue();
    }

    @Test
    void anInterruptDoesNotLeaveTheFirstRunningAndIsNotLost() {
        AtomicBoolean isDone = new AtomicBoolean();
        CountDownLatch interrupted = new CountDownLatch(1);

        assertThatCode(() -> SideBySide.run(
                        () -> {
                            await(interrupted);
                            isDone.set(true);
                        },
                        () -> {
                            Thread.currentThread().interrupt();
                            interrupted.countDown();
                        }))
                .doesNotThrowAnyException();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(isDone).isTrue();
    }
}
