package dev.ktstr.maven.packages;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.tukaani.xz.SeekableInputStream;

/** A range of a file. Any number of streams may read it at once, from several threads. */
record FileSlice(FileChannel file, long offset, long size) {
    private static final int BUFFER = 1 << 16;

    /** A new stream over it. Closing that leaves the file open. */
    SeekableInputStream stream() {
        return new Stream();
    }

    private final class Stream extends SeekableInputStream {
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);

        /** In the slice, of the buffer's end. */
        private long filled;

        @Override
        public int read() throws IOException {
            return fill() ? Byte.toUnsignedInt(buffer.get()) : -1;
        }

        @Override
        public int read(byte[] bytes, int at, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, buffer.remaining());
            buffer.get(bytes, at, count);
            return count;
        }

        private boolean fill() throws IOException {
            if (buffer.hasRemaining()) {
                return true;
            }
            if (filled >= size) {
                return false;
            }
            buffer.clear().limit((int) Math.min(BUFFER, size - filled));
            int count = file.read(buffer, offset + filled);
            buffer.flip();
            if (count < 0) {
                throw new EOFException("the file became shorter");
            }
            filled += count;
            return true;
        }

        /** What is left: GZIPInputStream goes by this to see whether another member follows. */
        @Override
        public int available() {
            return (int) Math.min(Integer.MAX_VALUE, size - position());
        }

        @Override
        public long skip(long count) {
            long from = position();
            seek(Math.min(size, from + Math.max(0, Math.min(count, size))));
            return position() - from;
        }

        @Override
        public long length() {
            return size;
        }

        @Override
        public long position() {
            return filled - buffer.remaining();
        }

        @Override
        public void seek(long position) {
            long inBuffer = position - (filled - buffer.limit());
            if (inBuffer >= 0 && inBuffer <= buffer.limit()) {
                buffer.position((int) inBuffer);
            } else {
                filled = position;
                buffer.limit(0);
            }
        }
    }
}
