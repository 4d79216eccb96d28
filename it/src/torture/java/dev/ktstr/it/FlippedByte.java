package dev.ktstr.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * One byte of a file that is not what was written; closing it makes the file whole again.
 *
 * @param mask the bits that are the other way round
 */
record FlippedByte(Path file, long at, int mask) implements AutoCloseable {
    static FlippedByte flip(Path file, long at, int mask) throws IOException {
        FlippedByte flipped = new FlippedByte(file, at, mask);
        flipped.flip();
        return flipped;
    }

    private void flip() throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.seek(at);
            int content = open.read();
            open.seek(at);
            open.write(content ^ mask);
        }
    }

    @Override
    public void close() throws IOException {
        flip();
    }

    @Override
    public String toString() {
        return "%s, byte %d with the mask 0x%02x".formatted(file, at, mask);
    }
}
