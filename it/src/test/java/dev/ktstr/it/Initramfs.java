package dev.ktstr.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system for a kernel to start with, as a cpio archive (Documentation/driver-api/early-userspace/buffer-format.rst). */
final class Initramfs {
    private static final int DIRECTORY = 0040755;
    private static final int PROGRAM = 0100755;
    private static final int CHARACTER_DEVICE = 0020600;
    private static final int CONSOLE_MAJOR = 5;
    private static final int CONSOLE_MINOR = 1;

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();
    private int inodes;

    /** With the console, which the first process needs before it can mount anything. */
    Initramfs() {
        directory("dev");
        add("dev/console", CHARACTER_DEVICE, new byte[0], CONSOLE_MAJOR, CONSOLE_MINOR);
    }

    Initramfs directory(String path) {
        return add(path, DIRECTORY, new byte[0], 0, 0);
    }

    /** A file that can be run. The directory it is in must have been added before. */
    Initramfs file(String path, byte[] content) {
        return add(path, PROGRAM, content, 0, 0);
    }

    Path writeTo(Path file) throws IOException {
        add("TRAILER!!!", 0, new byte[0], 0, 0);
        return Files.write(file, archive.toByteArray());
    }

    private Initramfs add(String path, int mode, byte[] content, int major, int minor) {
        byte[] name = (path + "\0").getBytes(StandardCharsets.UTF_8);
        int links = 1;
        int[] fields = {
            ++inodes, mode, 0, 0, links, 0, content.length, 0, 0, major, minor, name.length, 0 // no checksum
        };
        StringBuilder header = new StringBuilder("070701");
        for (int field : fields) {
            header.append(String.format("%08x", field));
        }
        archive.writeBytes(header.toString().getBytes(StandardCharsets.US_ASCII));
        archive.writeBytes(name);
        pad();
        archive.writeBytes(content);
        pad();
        return this;
    }

    private void pad() {
        while (archive.size() % 4 != 0) {
            archive.write(0);
        }
    }
}
