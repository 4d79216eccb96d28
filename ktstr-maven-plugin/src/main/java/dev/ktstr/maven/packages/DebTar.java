package dev.ktstr.maven.packages;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.apache.commons.compress.utils.ArchiveUtils;
import org.jspecify.annotations.Nullable;

/**
 * A tar archive as dpkg makes and reads them, see deb(5): ustar, with GNU's long names. The library that takes it apart
 * knows far more than that, trusts some of it, and takes every end for the end; so each header is looked at before.
 */
final class DebTar extends TarArchiveInputStream {
    private static final String KINDS = "\0" + "01234567";
    private static final char LONG_NAME = 'L';
    private static final char LONG_LINK = 'K';
    private static final int LONGEST_NAME = 4096;
    private static final int MOST_MEMBERS = 250_000;

    /** What every program that writes GNU's long names calls the member that one is in. */
    private static final String LONG_NAME_MEMBER = "././@LongLink";

    private static final int RECORD = 512;
    private static final int NAME_LENGTH = 100;
    private static final int SIZE_AT = 124;
    private static final int SIZE_LENGTH = 12;
    private static final int KIND_AT = 156;

    /** GNU tar fills its last 10 KiB with zeros; more than this is something else. */
    private static final int LONGEST_TAIL = 1 << 20;

    private final Origin origin;
    private final String archive;
    private final Allowance allowance;
    private final LongConsumer watcher;
    private final byte[] scratch = new byte[1 << 16];
    private int members;
    private int longNames;
    private char kind;
    private boolean ended;

    /**
     * @param archive what it is called in the package
     * @param watcher is told now and then how many bytes have been read
     */
    DebTar(InputStream decoded, Origin origin, String archive, Allowance allowance, LongConsumer watcher) {
        // In blocks of one record: nothing after the end is skipped unseen.
        super(decoded, RECORD, RECORD, "UTF-8");
        this.origin = origin;
        this.archive = archive;
        this.allowance = allowance;
        this.watcher = watcher;
    }

    /**
     * A member.
     *
     * @param name a checked one; empty for the archive's top
     * @param isRegular and not a directory, a link or a device
     * @param isDevice or a pipe
     */
    record Member(String name, long size, boolean isRegular, boolean isHardLink, boolean isDevice) {}

    /** Goes to the next member; null at the end, which has then been seen to be one. */
    @Nullable
    Member next() throws IOException {
        try {
            drain();
            TarArchiveEntry entry = getNextEntry();
            if (entry == null) {
                drainTail();
                return null;
            }
            if (++members > MOST_MEMBERS) {
                throw origin.hostile(archive + " has more than " + MOST_MEMBERS + " members");
            }
            String name = MemberNames.checked(entry.getName(), origin);
            boolean regular = (kind == 0 || kind == '0' || kind == '7')
                    && !entry.getName().endsWith("/");
            if (entry.isDirectory()) {
                requireNoBytes(entry.getSize()); // it may be one by its name alone
            }
            allowance.require(entry.getSize());
            boolean device = kind == '3' || kind == '4' || kind == '6';
            return new Member(name, entry.getSize(), regular, kind == '1', device);
        } catch (IOException | RuntimeException failure) {
            throw DecodedInputStream.explained(failure, origin, archive);
        }
    }

    /** How many bytes have been read so far. */
    long position() {
        return allowance.taken();
    }

    /** The bytes of the member that {@link #next} went to. Closing the stream does not close this. */
    InputStream contents() {
        return new FilterInputStream(this) {
            @Override
            public void close() {}
        };
    }

    /** The same, decompressed; what comes out counts as if it had been in the archive like that. */
    InputStream decoded(InputStream contents, String member, Compression how) throws IOException {
        return DecodedInputStream.open(origin, member, allowance, () -> how.open(contents));
    }

    @Override
    public int read(byte[] bytes, int at, int length) throws IOException {
        try {
            int count = super.read(bytes, at, length);
            watcher.accept(allowance.taken());
            return count;
        } catch (IOException | RuntimeException failure) {
            throw DecodedInputStream.explained(failure, origin, archive);
        }
    }

    /** Every header comes by here, before anything in it is believed. */
    @Override
    @SuppressWarnings("NullAway") // null is a partial record. The plugin tools cannot read "byte @Nullable []".
    protected byte[] readRecord() throws IOException {
        byte[] record = super.readRecord();
        if (record == null) {
            if (ended) {
                return null;
            }
            throw origin.damaged(archive + " is cut off", null);
        }
        if (ArchiveUtils.isArrayZero(record, record.length)) {
            ended = true;
        } else if (ended) {
            throw origin.damaged(archive + " goes on after its end", null);
        } else {
            check(record);
        }
        return record;
    }

    private void check(byte[] header) throws PackageException {
        if (!TarUtils.verifyCheckSum(header)) {
            throw origin.damaged(archive + " has a member whose header's checksum is wrong", null);
        }
        kind = (char) Byte.toUnsignedInt(header[KIND_AT]);
        long size = TarUtils.parseOctalOrBinary(header, SIZE_AT, SIZE_LENGTH);
        boolean isName = kind == LONG_NAME || kind == LONG_LINK;
        if (!isName && KINDS.indexOf(kind) < 0) {
            throw origin.hostile(archive + " has a member of type " + MemberNames.shown("'" + kind + "'")
                    + " (an extended header, or a sparse file), which deb(5) does not allow");
        }
        if (size < 0) {
            throw origin.hostile(archive + " has a member of " + size + " bytes");
        }
        if (isName && !TarUtils.parseName(header, 0, NAME_LENGTH).equals(LONG_NAME_MEMBER)) {
            // With a slash at its end, say, the library would take the name's bytes for headers.
            throw origin.hostile(archive + " has a long name that is not called " + LONG_NAME_MEMBER);
        }
        if (isName && size > LONGEST_NAME) {
            throw origin.hostile(archive + " has a member whose name takes " + size + " bytes");
        }
        if (isName && ++longNames > 2) { // a name and a link's target; the library calls itself for each
            throw origin.hostile(archive + " has a member with several long names");
        }
        if (!isName) {
            longNames = 0;
            if (kind >= '1' && kind <= '6') {
                requireNoBytes(size);
            }
        }
    }

    /** Programs disagree on whether such bytes are there, and so on what comes after them. */
    private void requireNoBytes(long size) throws PackageException {
        if (size > 0) {
            throw origin.hostile(archive + " has a link, device or directory that claims to have " + size + " bytes");
        }
    }

    /** A long name, of which the library would quietly take a slash at the front. */
    @Override
    @SuppressWarnings("NullAway") // null is a name without a member
    protected byte[] getLongNameData() throws IOException {
        boolean isName = kind == LONG_NAME;
        byte[] name = super.getLongNameData();
        if (isName && name != null && name.length > 0 && name[0] == '/') {
            throw origin.hostile("a member has an absolute name");
        }
        return name;
    }

    /** What is left of the member before: by reading, as the library would, but in larger pieces. */
    private void drain() throws IOException {
        for (int got = 0; got >= 0 && getCurrentEntry() != null; ) {
            got = read(scratch, 0, scratch.length);
        }
    }

    /** So that the decoder comes to its own end, and tells whether all of this was what it should be. */
    private void drainTail() throws IOException {
        long count = 0;
        for (int got = in.read(scratch); got >= 0; got = in.read(scratch)) {
            for (int i = 0; i < got; i++) {
                if (scratch[i] != 0) {
                    throw origin.damaged(archive + " goes on after its end", null);
                }
            }
            count += got;
            if (count > LONGEST_TAIL) {
                throw origin.hostile(archive + " goes on after its end");
            }
        }
    }
}
