package dev.ktstr.os;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what has been opened, the last first, unless all went well. */
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
        IOException first = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (IOException failed) {
                if (first != null) {
                    failed.addSuppressed(first);
                }
                first = failed;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
