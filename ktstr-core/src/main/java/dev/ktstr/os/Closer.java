package dev.ktstr.os;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what has been opened, the last first, unless all went well. All of it, whichever of them fail. */
public final class Closer implements AutoCloseable {
    /** Something that is closed with no other failure than that of the disk. */
    public interface Resource extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    private final Deque<Resource> open = new ArrayDeque<>();

    public void add(Resource resource) {
        open.push(resource);
    }

    /** Leaves everything open. */
    public void keep() {
        open.clear();
    }

    @Override
    public void close() throws IOException {
        Exception last = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (IOException | RuntimeException failed) {
                if (last != null && last != failed) {
                    failed.addSuppressed(last);
                }
                last = failed;
            }
        }
        if (last instanceof IOException failed) {
            throw failed;
        }
        if (last instanceof RuntimeException failed) {
            throw failed;
        }
    }
}
