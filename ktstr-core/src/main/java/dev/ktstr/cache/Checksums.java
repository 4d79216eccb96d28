package dev.ktstr.cache;

import dev.ktstr.os.Fd;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32;

/** Checksums as metadata and keys have them. */
public final class Checksums {
    /** As much as stays in a processor's cache while it is hashed. */
    private static final int BUFFER = 1 << 16;

    private Checksums() {}

    static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            readAll(in);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Of an open file, from its current position on. */
    static String sha256(Fd file) throws OsException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[BUFFER];
        for (int count = file.read(buffer); count > 0; count = file.read(buffer)) {
            digest.update(buffer, 0, count);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Reads to the end, for what a stream does on the way. */
    static void readAll(InputStream in) throws IOException {
        byte[] buffer = new byte[BUFFER];
        while (in.read(buffer) >= 0) {
            // what was read has been hashed
        }
    }

    static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /** CRC-32 of IEEE 802.3, as zlib has it: eight hex digits. */
    public static String crc32(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
