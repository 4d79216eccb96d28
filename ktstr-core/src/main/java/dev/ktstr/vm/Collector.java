package dev.ktstr.vm;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** What a command prints to one of its outputs, while it does so. Safe for use by several threads. */
final class Collector {
    /** A guest that prints for ever must not cost us the heap. */
    static final int MOST_BYTES = 64 << 20;

    private final Content content = new Content();
    private boolean ended;
    private boolean overflowed;

    /** Lets its end be looked at without a copy. */
    private static final class Content extends ByteArrayOutputStream {
        boolean endsWith(byte[] mark) {
            return count >= mark.length && Arrays.equals(buf, count - mark.length, count, mark, 0, mark.length);
        }

        void shorten(int bytes) {
            count -= bytes;
        }
    }

    synchronized void add(byte[] chunk, int count) {
        int room = Math.min(count, MOST_BYTES - content.size());
        content.write(chunk, 0, room);
        overflowed |= room < count;
        notifyAll();
    }

    /** Nothing more will come. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /**
     * Waits until the last thing that came is this mark, and takes it off.
     *
     * @return false if nothing more can come, and it has not
     */
    synchronized boolean awaitMark(byte[] mark) throws InterruptedException {
        while (!content.endsWith(mark)) {
            if (ended || overflowed) {
                return false;
            }
            wait();
        }
        content.shorten(mark.length);
        return true;
    }

    /** Whether there was more than is kept. */
    synchronized boolean hasOverflowed() {
        return overflowed;
    }

    synchronized byte[] bytes() {
        return content.toByteArray();
    }
}
