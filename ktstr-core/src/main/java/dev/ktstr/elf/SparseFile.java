package dev.ktstr.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A new file that is written piece by piece; what is never written stays a hole and reads as zeros. */
final class SparseFile {
    private final FileChannel channel;

    SparseFile(FileChannel channel) {
        this.channel = channel;
    }

    /** Makes the file empty again. */
    void restart() throws IOException {
        channel.truncate(0);
    }

    /** Writes the whole buffer, whatever its position is. */
    void write(ByteBuffer bytes, long at) throws IOException {
        bytes.rewind();
        while (bytes.hasRemaining()) {
            channel.write(bytes, at + bytes.position());
        }
    }

    /** Copies a range without bringing it into this process (sendfile(2)). The range must be in the source. */
    void copy(ElfInput source, long from, long size, long at) throws IOException {
        channel.position(at);
        long done = 0;
        while (done < size) {
            long moved = source.channel().transferTo(from + done, size - done, channel);
            if (moved <= 0) {
                throw source.becameShorter();
            }
            done += moved;
        }
        // A wrong count that is not noticed would shift everything behind it.
        if (channel.position() != at + size) {
            throw new IOException("copied to offset " + channel.position() + " instead of " + (at + size));
        }
    }
}
