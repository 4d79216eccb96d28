package dev.ktstr.vm;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * Writes an archive in the "newc" format, which the kernel unpacks as its first file system. Several in one file, one behind the
 * other, are unpacked one after the other (Documentation/driver-api/early-userspace/buffer-format.rst). Equal content makes
 * equal bytes: there are no times in it.
 */
final class Cpio {
    private static final String MAGIC = "070701";
    private static final String END = "TRAILER!!!";
    private static final int ALIGNMENT = 4;

    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;
    private static final int LINK = 0120000;
    private static final int CHARACTER_DEVICE = 0020000;
    static final int PROGRAM = 0755;
    static final int READ_ONLY = 0444;
    private static final int STICKY = 01777;

    private final OutputStream out;
    private final Set<String> directories = new HashSet<>();
    private long written;
    private int inode;

    Cpio(OutputStream out) {
        this.out = out;
    }

    /** A directory, and those above it. */
    void directory(String path) throws IOException {
        String clean = relative(path);
        int slash = clean.lastIndexOf('/');
        if (slash > 0) {
            directory(clean.substring(0, slash));
        }
        if (directories.add(clean)) {
            boolean isForAll = clean.equals("tmp") || clean.equals("var/tmp");
            header(clean, DIRECTORY | (isForAll ? STICKY : PROGRAM), 0, 0, 0);
        }
    }

    void file(String path, int permissions, byte[] content) throws IOException {
        parents(path);
        header(relative(path), REGULAR | permissions, content.length, 0, 0);
        write(content, content.length);
        pad();
    }

    /** @throws IOException also if the file has another size at the end than at the beginning */
    void file(String path, int permissions, Path content) throws IOException {
        parents(path);
        long size = Files.size(content);
        header(relative(path), REGULAR | permissions, size, 0, 0);
        long copied = 0;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(content)) {
            int count;
            while ((count = in.read(buffer)) >= 0) {
                write(buffer, count);
                copied += count;
            }
        }
        if (copied != size) {
            throw new IOException(content + " changed while it was read: it had " + size + " bytes, then " + copied);
        }
        pad();
    }

    void link(String path, String target) throws IOException {
        parents(path);
        byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
        header(relative(path), LINK | 0777, bytes.length, 0, 0);
        write(bytes, bytes.length);
        pad();
    }

    void characterDevice(String path, int major, int minor) throws IOException {
        parents(path);
        header(relative(path), CHARACTER_DEVICE | 0600, 0, major, minor);
    }

    /** To be called once, at the end. */
    void end() throws IOException {
        header(END, 0, 0, 0, 0);
    }

    private void parents(String path) throws IOException {
        int slash = relative(path).lastIndexOf('/');
        if (slash > 0) {
            directory(relative(path).substring(0, slash));
        }
    }

    private static String relative(String path) {
        return path.startsWith("/") ? path.substring(1) : path;
    }

    private void header(String name, int mode, long size, int major, int minor) throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        StringBuilder header = new StringBuilder(MAGIC);
        // inode, mode, uid, gid, links, time, size, device (2), device that it is (2), length of the name, checksum
        long[] fields = {++inode, mode, 0, 0, 1, 0, size, 0, 0, major, minor, bytes.length + 1L, 0};
        for (long field : fields) {
            header.append(HexFormat.of().toHexDigits(field, 8));
        }
        byte[] start = header.toString().getBytes(StandardCharsets.US_ASCII);
        write(start, start.length);
        write(bytes, bytes.length);
        write(new byte[1], 1);
        pad();
    }

    private void pad() throws IOException {
        int over = (int) (written % ALIGNMENT);
        if (over != 0) {
            write(new byte[ALIGNMENT], ALIGNMENT - over);
        }
    }

    private void write(byte[] bytes, int count) throws IOException {
        out.write(bytes, 0, count);
        written += count;
    }
}
