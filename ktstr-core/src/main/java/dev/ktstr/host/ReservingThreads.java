package dev.ktstr.host;

import dev.ktstr.os.Closer;
import java.util.ArrayList;
import java.util.List;

/** The threads of this process that have reserved something, each as often as it has. Safe for use by several threads. */
final class ReservingThreads {
    private final List<Thread> threads = new ArrayList<>();

    synchronized boolean isCurrentOne() {
        return threads.contains(Thread.currentThread());
    }

    /** Notes the current thread; what is returned takes the note back. */
    synchronized Closer.Resource note() {
        Thread thread = Thread.currentThread();
        threads.add(thread);
        return () -> forget(thread);
    }

    private synchronized void forget(Thread thread) {
        threads.remove(thread);
    }
}
