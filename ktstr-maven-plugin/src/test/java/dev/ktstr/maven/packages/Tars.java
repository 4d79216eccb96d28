package dev.ktstr.maven.packages;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** A tar archive, byte by byte: with names, types and sizes that no writer would write. */
final class Tars {
    static final int RECORD = 512;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Tars directory(String name) {
        return header(name, '5', 0, "");
    }

    Tars file(String name, byte[] contents) {
        header(name, '0', contents.length, "");
        return bytes(contents);
    }

    Tars file(String name, String contents) {
        return file(name, contents.getBytes(StandardCharsets.UTF_8));
    }

    Tars link(String name, char type, String target) {
        return header(name, type, 0, target);
    }

    /** GNU's way to have a name of more than 100 characters. */
    Tars longName(String name) {
        header("././@LongLink", 'L', name.getBytes(StandardCharsets.UTF_8).length + 1, "");
        return bytes((name + "\0").getBytes(StandardCharsets.UTF_8));
    }

    Tars header(String name, char type, long size, String link) {
        return header(
                name, type, String.format(Locale.ROOT, "%011o\0", size).getBytes(StandardCharsets.US_ASCII), link);
    }

    Tars header(String name, char type, byte[] size, String link) {
        byte[] header = new byte[RECORD];
        put(header, 0, name);
        put(header, 100, "0000644\0" + "0000000\0" + "0000000\0");
        System.arraycopy(size, 0, header, 124, size.length);
        put(header, 136, "00000000000\0" + "        ");
        header[156] = (byte) type;
        put(header, 157, link);
        put(header, 257, "ustar  \0");
        int sum = 0;
        for (byte each : header) {
            sum += Byte.toUnsignedInt(each);
        }
        put(header, 148, String.format(Locale.ROOT, "%06o\0 ", sum));
        out.writeBytes(header);
        return this;
    }

    /** Contents, filled up to whole records. */
    Tars bytes(byte[] contents) {
        out.writeBytes(Arrays.copyOf(contents, (contents.length + RECORD - 1) / RECORD * RECORD));
        return this;
    }

    /** Without an end. */
    byte[] open() {
        return out.toByteArray();
    }

    byte[] end() {
        out.writeBytes(new byte[2 * RECORD]);
        return out.toByteArray();
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
