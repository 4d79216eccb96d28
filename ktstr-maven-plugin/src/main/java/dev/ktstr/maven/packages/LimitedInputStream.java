package dev.ktstr.maven.packages;

import dev.ktstr.ByteSizes;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The contents of one part of a kernel, of which there are no more than such a part may have. */
final class LimitedInputStream extends FilterInputStream {
    private final String name;
    private final long limit;
    private final Origin origin;
    private long count;

    LimitedInputStream(InputStream contents, DebTar.Member member, KernelMember part, Origin origin) {
        super(contents);
        this.name = MemberNames.shown(member.name());
        this.limit = part.kind().limit();
        this.origin = origin;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int at, int length) throws IOException {
        int got = in.read(bytes, at, length);
        take(got);
        return got;
    }

    @Override
    public long skip(long wanted) throws IOException {
        long skipped = in.skip(wanted);
        take(skipped);
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private void take(long bytes) throws PackageException {
        count += Math.max(0, bytes);
        if (count > limit) {
            throw origin.hostile(name + " unpacks to more than " + ByteSizes.format(limit));
        }
    }
}
