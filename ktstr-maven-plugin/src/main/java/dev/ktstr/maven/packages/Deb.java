package dev.ktstr.maven.packages;

import dev.ktstr.cache.PackageId;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.LongConsumer;

/** A {@code .deb} file, open. See deb(5). For one thread, apart from the threads that unpack it. */
final class Deb implements Closeable {
    private static final String DATA = "data.tar";
    private static final String CONTROL = "control.tar";
    private static final String FORMAT = "debian-binary";
    private static final int HASH_BUFFER = 1 << 20;

    private record Stamp(long size, FileTime modified) {
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.size(), attributes.lastModifiedTime());
        }
    }

    private final Origin origin;
    private final FileChannel file;
    private final Stamp stamp;
    private final Map<String, FileSlice> members;
    private final PackageId id;

    private Deb(Origin origin, FileChannel file) throws IOException {
        this.origin = origin;
        this.file = file;
        this.stamp = Stamp.of(origin.file());
        this.members = ArMembers.read(new FileSlice(file, 0, stamp.size()), DATA, origin);
        requireFormat();
        try (DebTar control = tar(CONTROL, false, taken -> {})) {
            Control fields = Control.read(control, origin);
            // Last, as it takes longest.
            this.id = fields.id(sha256(file));
        }
    }

    /**
     * Opens a package, and reads what it says of itself.
     *
     * @throws PackageException if it is no package that can be read
     */
    static Deb open(Path path) throws IOException {
        Origin origin = new Origin(path);
        FileChannel file = FileKind.requireAr(origin);
        try {
            return new Deb(origin, file);
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    PackageId id() {
        return id;
    }

    Origin origin() {
        return origin;
    }

    /**
     * What it installs.
     *
     * @param parallel whether several threads may unpack: worth it unless little is wanted
     * @param watcher is told now and then how many bytes have been unpacked
     */
    DebTar data(boolean parallel, LongConsumer watcher) throws IOException {
        requireUnchanged();
        return tar(DATA, parallel, watcher);
    }

    /** Refuses what was written to since it was opened: its checksum is not that of what was unpacked. */
    void requireUnchanged() throws IOException {
        if (!Stamp.of(origin.file()).equals(stamp)) {
            throw origin.changed();
        }
    }

    private void requireFormat() throws IOException {
        FileSlice format = members.get(FORMAT);
        if (format == null) {
            throw origin.damaged("it is an ar archive, but no Debian package: it has no member " + FORMAT, null);
        }
        try (InputStream in = format.stream()) {
            String version = new String(in.readNBytes(16), StandardCharsets.US_ASCII).strip();
            if (!version.startsWith("2.")) {
                throw origin.unusable(
                        "it is a Debian package of format " + MemberNames.shown(version) + ", and only 2 is known",
                        Origin.BY_HAND,
                        null);
            }
        }
    }

    private DebTar tar(String plain, boolean parallel, LongConsumer watcher) throws IOException {
        Map.Entry<String, FileSlice> found = members.entrySet().stream()
                .filter(each -> each.getKey().startsWith(plain))
                .findFirst()
                .orElseThrow(() -> origin.damaged("it has no member " + plain, null));
        String name = found.getKey();
        FileSlice member = found.getValue();
        Compression how = Compression.of(name, plain)
                .orElseThrow(() -> origin.unusable(
                        MemberNames.shown(name) + " is compressed in a way that is not known here (gz, xz and zst are)",
                        Origin.BY_HAND,
                        null));
        Allowance allowance = new Allowance(origin, member.size());
        InputStream decoded = DecodedInputStream.open(
                origin,
                name,
                allowance,
                () -> how == Compression.XZ ? XzBlocks.open(member, origin, parallel) : how.open(member.stream()));
        return new DebTar(decoded, origin, name, allowance, watcher);
    }

    private static String sha256(FileChannel file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
        ByteBuffer buffer = ByteBuffer.allocate(HASH_BUFFER);
        for (long at = 0; file.read(buffer.clear(), at) > 0; at += buffer.limit()) {
            digest.update(buffer.flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
