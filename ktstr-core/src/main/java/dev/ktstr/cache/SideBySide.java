package dev.ktstr.cache;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Two pieces of work at the same time, of which nothing is left running afterwards. */
final class SideBySide {
    private SideBySide() {}

    /** A piece of work. */
    interface Work {
        void run() throws IOException;
    }

    /**
     * Does the second one in this thread, and the first one in a thread of its own meanwhile. Returns or throws when both have
     * ended. To the outside it is as if they had been done one after the other: what the first one throws comes before what
     * the second one throws.
     */
    static void run(Work first, Work second) throws IOException {
        FutureTask<@Nullable Void> task = new FutureTask<>(() -> {
            first.run();
            return null;
        });
        start(task);
        try {
            second.run();
        } catch (Throwable failed) {
            try {
                finish(task);
            } catch (Throwable failedFirst) {
                failedFirst.addSuppressed(failed);
                throw failedFirst;
            }
            throw failed;
        }
        finish(task);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "ktstr side by side");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError noMoreThreads) { // of this user, or in this container
            task.run();
        }
    }

    /** Whatever happens to this thread meanwhile: the other one writes into a directory that its caller is about to remove. */
    private static void finish(FutureTask<@Nullable Void> task) throws IOException {
        boolean isInterrupted = false;
        try {
            while (true) {
                try {
                    task.get();
                    return;
                } catch (InterruptedException later) {
                    isInterrupted = true;
                }
            }
        } catch (ExecutionException failed) {
            throw rethrown(failed.getCause());
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException rethrown(@Nullable Throwable cause) {
        if (cause instanceof IOException failed) {
            return failed;
        }
        if (cause instanceof RuntimeException bug) {
            throw bug;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        throw new IllegalStateException("a piece of work throws nothing else", cause);
    }
}
