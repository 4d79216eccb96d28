package dev.ktstr.lock;

import dev.ktstr.os.FileStat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which thread of this process took which lock: to tell a thread that would wait for itself. */
final class HeldLocks {
    private record Inode(int deviceMajor, int deviceMinor, long number) {
        static Inode of(FileStat file) {
            return new Inode(file.deviceMajor(), file.deviceMinor(), file.inode());
        }
    }

    private final Map<Inode, List<Thread>> holders = new HashMap<>();

    /** Notes that the current thread took a lock; what is returned takes the note back. */
    synchronized Runnable note(FileStat lockFile) {
        Inode inode = Inode.of(lockFile);
        Thread thread = Thread.currentThread();
        holders.computeIfAbsent(inode, absent -> new ArrayList<>()).add(thread);
        return () -> forget(inode, thread);
    }

    synchronized boolean isHeldByThisThread(FileStat lockFile) {
        return holders.getOrDefault(Inode.of(lockFile), List.of()).contains(Thread.currentThread());
    }

    private synchronized void forget(Inode inode, Thread thread) {
        List<Thread> threads = holders.getOrDefault(inode, List.of());
        threads.remove(thread);
        if (threads.isEmpty()) {
            holders.remove(inode);
        }
    }
}
