package dev.ktstr.maven.packages;

import dev.ktstr.Printable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.UnsupportedOptionsException;

/**
 * What comes out of a decoder: counted, and with everything that a decoder throws turned into a failure that names the
 * file. Some throw unchecked exceptions on bytes they did not expect.
 */
final class DecodedInputStream extends FilterInputStream {
    private final Origin origin;
    private final String member;
    private final Allowance allowance;

    private DecodedInputStream(InputStream decoder, Origin origin, String member, Allowance allowance) {
        super(decoder);
        this.origin = origin;
        this.member = member;
        this.allowance = allowance;
    }

    /** A decoder, which reads its header as it is made. */
    @FunctionalInterface
    interface Decoder {
        InputStream open() throws IOException;
    }

    static DecodedInputStream open(Origin origin, String member, Allowance allowance, Decoder decoder)
            throws IOException {
        try {
            return new DecodedInputStream(decoder.open(), origin, member, allowance);
        } catch (IOException | RuntimeException failure) {
            throw explained(failure, origin, member);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int at, int length) throws IOException {
        int count;
        try {
            count = in.read(bytes, at, length);
        } catch (IOException | RuntimeException failure) {
            throw explained(failure, origin, member);
        }
        if (count > 0) {
            allowance.take(count);
        }
        return count;
    }

    /** By reading, so that it counts. */
    @Override
    public long skip(long count) throws IOException {
        byte[] scratch = new byte[1 << 13];
        int read = read(scratch, 0, (int) Math.min(scratch.length, Math.max(0, count)));
        return Math.max(0, read);
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    static IOException explained(Exception failure, Origin origin, String member) {
        if (failure instanceof PackageException
                || failure instanceof InterruptedIOException
                || failure instanceof ClosedByInterruptException) {
            return (IOException) failure;
        }
        if (failure instanceof MemoryLimitException big) {
            return origin.unusable(
                    member + " needs " + (big.getMemoryNeeded() >> 10) + " MiB of memory to be unpacked, and may have "
                            + (big.getMemoryLimit() >> 10) + " MiB",
                    Compression.hasAllMemory() ? Origin.BY_HAND : "give Maven more memory (MAVEN_OPTS=-Xmx1g)",
                    failure);
        }
        // Some decoders quote what they do not understand.
        String why = Printable.text(failure.getMessage() == null ? failure.toString() : failure.getMessage());
        if (failure instanceof UnsupportedOptionsException) {
            return origin.unusable(member + " is compressed in an unusual way: " + why, Origin.BY_HAND, failure);
        }
        return origin.damaged(member + " is damaged or cut off: " + why, failure);
    }
}
