package dev.ktstr.maven.packages;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Small packages. */
final class Debs {
    static final String RELEASE = "6.1.0-56-test";

    private final Map<String, byte[]> members = new LinkedHashMap<>();

    private Debs() {}

    /** A package, whole but for what it installs. */
    static Debs named(String name) throws IOException {
        return named(name, "amd64");
    }

    static Debs named(String name, String arch) throws IOException {
        return withControl("Package: " + name + "\nSource: linux\nVersion: 6.1.192-2\nArchitecture: " + arch
                + "\nDescription: a kernel\n with more on this line\n");
    }

    static Debs withControl(String control) throws IOException {
        Debs deb = empty().member("debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
        return deb.member(
                "control.tar.gz",
                compressed(
                        Compression.GZIP,
                        new Tars()
                                .directory("./")
                                .file("./control", control)
                                .file("./md5sums", "")
                                .end()));
    }

    static Debs empty() {
        return new Debs();
    }

    Debs member(String name, byte[] contents) {
        members.put(name, contents);
        return this;
    }

    Debs data(Compression how, byte[] tar) throws IOException {
        return member("data.tar" + how.suffix(), compressed(how, tar));
    }

    Debs data(byte[] tar) throws IOException {
        return data(Compression.NONE, tar);
    }

    byte[] bytes() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ArArchiveOutputStream ar = new ArArchiveOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> member : members.entrySet()) {
                ar.putArchiveEntry(new ArArchiveEntry(member.getKey(), member.getValue().length));
                ar.write(member.getValue());
                ar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    Path write(Path directory, String name) throws IOException {
        return Files.write(directory.resolve(name), bytes());
    }

    static byte[] compressed(Compression how, byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = switch (how) {
            case NONE -> bytes;
            case GZIP -> new GZIPOutputStream(bytes);
            case XZ -> new XZOutputStream(bytes, new LZMA2Options(0));
            case ZSTD -> new ZstdOutputStream(bytes);
        }) {
            out.write(plain);
        }
        return bytes.toByteArray();
    }

    /** As {@code xz --block-size} makes it. */
    static byte[] xzInBlocks(byte[] plain, int block) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (XZOutputStream out = new XZOutputStream(bytes, new LZMA2Options(0))) {
            for (int at = 0; at < plain.length; at += block) {
                out.write(plain, at, Math.min(block, plain.length - at));
                out.endBlock();
            }
        }
        return bytes.toByteArray();
    }

    static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
