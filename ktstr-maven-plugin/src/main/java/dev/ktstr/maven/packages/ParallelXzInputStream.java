package dev.ktstr.maven.packages;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.SeekableXZInputStream;

/**
 * An xz file whose blocks are decoded on several threads, and delivered in their order. At any time one block is being
 * read and one per thread is being decoded or waits for its turn; their buffers are used again and again.
 *
 * <p>A block that takes more memory than the first did is decoded, and all after it are, on the reader's thread alone,
 * which may have as much as any decoder.
 *
 * <p>For one reader. {@link #close} ends the threads and waits for that, however far they are: nothing of this is left.
 */
final class ParallelXzInputStream extends InputStream {
    /** How much is decoded between two looks at whether anybody still wants it: some milliseconds' work. */
    private static final int STEP = 1 << 16;

    /** A decoded block: the first bytes of a buffer. */
    private static final class Block {
        private final byte[] bytes;
        private final int length;

        Block(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }
    }

    private final XzBlocks blocks;
    private final ExecutorService workers;
    private final Queue<Thread> started = new ConcurrentLinkedQueue<>();
    private final Queue<SeekableXZInputStream> idleDecoders = new ConcurrentLinkedQueue<>();
    private final Deque<byte[]> idleBuffers = new ArrayDeque<>();
    private final Deque<Future<Block>> ahead = new ArrayDeque<>();
    private int nextBlock;
    private @Nullable SeekableXZInputStream alone;
    private @Nullable Block current;
    private int position;
    private volatile boolean closed;

    ParallelXzInputStream(XzBlocks blocks, int threads) {
        this(blocks, threads, () -> new byte[(int) blocks.largest()]);
    }

    ParallelXzInputStream(XzBlocks blocks, int threads, Supplier<byte[]> buffers) {
        this.blocks = blocks;
        this.workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "ktstr-xz");
            thread.setDaemon(true);
            started.add(thread);
            return thread;
        });
        try {
            for (int i = 0; i < threads; i++) {
                decodeAhead(buffers.get());
            }
            // The one that is being read.
            idleBuffers.add(buffers.get());
        } catch (RuntimeException | Error failure) {
            close(); // out of memory, say, for a buffer or a thread
            throw failure;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int at, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (current == null || position == current.length) {
            if (alone != null) {
                return alone.read(bytes, at, length);
            }
            if (!advance()) {
                return -1;
            }
        }
        int count = Math.min(length, current.length - position);
        System.arraycopy(current.bytes, position, bytes, at, count);
        position += count;
        return count;
    }

    private boolean advance() throws IOException {
        if (closed) {
            throw new IOException("stream closed");
        }
        if (current != null) {
            idleBuffers.add(current.bytes);
            current = null;
        }
        byte[] buffer = idleBuffers.poll();
        if (buffer != null) {
            decodeAhead(buffer);
        }
        Future<Block> next = ahead.poll();
        if (next == null) {
            return false;
        }
        try {
            current = await(next);
        } catch (MemoryLimitException big) {
            int number = nextBlock - ahead.size() - 1;
            endWorkers(); // and with them goes what their buffers take
            alone = blocks.decoder(Compression.memoryKiB());
            alone.seekToBlock(number);
        }
        position = 0;
        return true;
    }

    private static Block await(Future<Block> block) throws IOException {
        try {
            return block.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while unpacking").initCause(interrupted);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException damage) {
                throw damage;
            }
            if (failed.getCause() instanceof Error serious) {
                throw serious; // out of memory, say
            }
            throw new IOException(failed.getCause());
        }
    }

    private void decodeAhead(byte[] buffer) {
        if (nextBlock < blocks.count()) {
            int number = nextBlock++;
            ahead.add(workers.submit(() -> decode(number, buffer)));
        }
    }

    private Block decode(int number, byte[] buffer) throws IOException {
        SeekableXZInputStream decoder = idleDecoders.poll();
        if (decoder == null) {
            decoder = blocks.decoder(XzBlocks.DECODER_KIB);
        }
        decoder.seekToBlock(number);
        int length = (int) decoder.getBlockSize(number);
        // With its last byte a block has been compared with its checksum, and with the sizes in the index.
        for (int at = 0; at < length; ) {
            if (closed) {
                throw new IOException("stream closed");
            }
            int count = decoder.read(buffer, at, Math.min(STEP, length - at));
            if (count < 0) {
                throw new EOFException("the last block ends early");
            }
            at += count;
        }
        idleDecoders.add(decoder);
        return new Block(buffer, length);
    }

    @Override
    public void close() {
        endWorkers();
        alone = null;
    }

    private void endWorkers() {
        closed = true;
        // Not by interrupts: these would close the file under everybody else who reads it.
        workers.shutdown();
        boolean interrupted = false;
        for (Thread thread = started.poll(); thread != null; ) {
            try {
                thread.join();
                thread = started.poll();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        ahead.clear();
        idleBuffers.clear();
        idleDecoders.clear();
        current = null;
    }
}
