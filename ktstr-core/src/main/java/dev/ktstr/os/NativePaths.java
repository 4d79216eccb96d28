package dev.ktstr.os;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Paths as the bytes that the kernel knows them by. */
public final class NativePaths {
    private NativePaths() {}

    /**
     * The path's bytes, exact whatever the JVM's file-name encoding is. A relative path that is not plain ASCII comes
     * back absolute.
     */
    public static byte[] bytes(Path path) {
        byte[] ascii = ascii(path.toString());
        return ascii != null ? ascii : unescape(path.toUri());
    }

    /** As {@link #bytes}, NUL-terminated. */
    static byte[] terminated(Path path) {
        byte[] bytes = bytes(path);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** The name that these bytes are, as {@link #bytes} has it. */
    static Path name(byte[] bytes) {
        if (isAscii(bytes)) {
            return Path.of(new String(bytes, StandardCharsets.US_ASCII));
        }
        StringBuilder uri = new StringBuilder("file:///");
        for (byte each : bytes) {
            uri.append('%').append(HexFormat.of().toHexDigits(each));
        }
        return Objects.requireNonNull(Path.of(URI.create(uri.toString())).getFileName(), "a name");
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte each : bytes) {
            if (each < 0) {
                return false;
            }
        }
        return true;
    }

    private static byte @Nullable [] ascii(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = text.charAt(i);
            if (c == 0 || c > 0x7f) {
                return null;
            }
            bytes[i] = (byte) c;
        }
        return bytes;
    }

    /** A file URI carries the path's own bytes, percent-encoded; it ends with a slash if the path is a directory. */
    private static byte[] unescape(URI uri) {
        byte[] escaped = uri.getRawPath().getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[escaped.length];
        int length = 0;
        for (int i = 0; i < escaped.length; i++) {
            if (escaped[i] == '%') {
                bytes[length++] =
                        (byte) (Character.digit(escaped[i + 1], 16) << 4 | Character.digit(escaped[i + 2], 16));
                i += 2;
            } else {
                bytes[length++] = escaped[i];
            }
        }
        boolean trailingSlash = length > 1 && bytes[length - 1] == '/';
        return Arrays.copyOf(bytes, trailingSlash ? length - 1 : length);
    }
}
