package dev.ktstr.elf;

import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A file, as long as it was when it was opened. */
record ElfInput(Path path, FileChannel channel, long length) implements Closeable {
    /** Whether all of the range lies in the file; false also for what is negative or overflows. */
    boolean contains(long offset, long size) {
        return offset >= 0 && size >= 0 && offset <= length && size <= length - offset;
    }

    /** Fills the first {@code count} bytes of {@code into}. The range must be in the file. */
    void read(byte[] into, int count, long offset) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(into, 0, count);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offset + buffer.position()) < 0) {
                throw becameShorter();
            }
        }
    }

    /** A range that must be in the file, as a buffer in the byte order that this package handles. */
    ByteBuffer read(long offset, int count) throws IOException {
        byte[] bytes = new byte[count];
        read(bytes, count, offset);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    MalformedElfException becameShorter() {
        return malformed(Reason.TRUNCATED, "it became shorter while it was read");
    }

    MalformedElfException malformed(Reason reason, String detail) {
        return new MalformedElfException(reason, detail, path, null);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
