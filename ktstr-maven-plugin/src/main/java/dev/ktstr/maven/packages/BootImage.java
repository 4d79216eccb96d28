package dev.ktstr.maven.packages;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A boot image in an archive. */
final class BootImage {
    private static final int GZIP_MAGIC = 0x1f8b;

    private BootImage() {}

    /** The image as it is booted: Ubuntu compresses its arm64 ones, which have no part that would unpack itself. */
    static InputStream open(DebTar tar, String member) throws IOException {
        BufferedInputStream contents = new BufferedInputStream(tar.contents(), 1 << 16);
        contents.mark(2);
        int magic = (contents.read() << 8) | contents.read();
        contents.reset();
        return magic == GZIP_MAGIC ? tar.decoded(contents, member, Compression.GZIP) : contents;
    }
}
