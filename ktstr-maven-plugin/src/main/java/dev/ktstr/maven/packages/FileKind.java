package dev.ktstr.maven.packages;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** What a file is that should have been a package. */
enum FileKind {
    AR("213c617263683e0a", 0, "an ar archive", ""),
    RPM("edabeedb", 0, "an .rpm package", "unpack it (rpm2cpio FILE | cpio -id) and give image, vmlinux and config"),
    GZIP("1f8b", 0, "a gzip file", "give the .deb file itself, not something made of it"),
    XZ("fd377a585a00", 0, "an xz file", "give the .deb file itself, not something made of it"),
    ZSTD("28b52ffd", 0, "a zstd file", "give the .deb file itself, not something made of it"),
    ZIP("504b0304", 0, "a zip file", "give the .deb files in it, if there are any"),
    TAR("7573746172", 257, "a tar archive", "unpack it and give image, vmlinux and config"),
    ELF("7f454c46", 0, "an ELF file", "give a kernel's ELF file as vmlinux, and its boot image as image"),
    IMAGE("4d5a", 0, "a boot image, perhaps", "give a boot image as image, not as a package"),
    HTML("", 0, "a web page", "download the package again: the server sent a page in its place"),
    OTHER("", 0, "something else", "give .deb files: apt-get download PACKAGE gets one");

    private static final int LOOK = 512;

    private final String magic;
    private final int at;
    private final String text;
    private final String remedy;

    FileKind(String magic, int at, String text, String remedy) {
        this.magic = magic;
        this.at = at;
        this.text = text;
        this.remedy = remedy;
    }

    /** Opens a file for reading that is an ar archive, by its first bytes. */
    static FileChannel requireAr(Origin origin) throws IOException {
        Path path = origin.file();
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            // A pipe, too: it can be read only once, and not from its end.
            throw noPackage(origin, Files.isDirectory(path) ? "a directory" : "not a regular file", OTHER.remedy);
        }
        FileChannel file = open(origin);
        try {
            FileKind kind = of(file);
            if (kind == AR) {
                return file;
            }
            throw file.size() == 0
                    ? noPackage(origin, "an empty file", "download it again")
                    : noPackage(origin, kind.text, kind.remedy);
        } catch (IOException failure) {
            file.close();
            throw failure;
        }
    }

    private static FileChannel open(Origin origin) throws IOException {
        try {
            return FileChannel.open(origin.file(), StandardOpenOption.READ);
        } catch (NoSuchFileException missing) {
            throw origin.unusable("there is no such file", "check the path, and what it is relative to", missing);
        } catch (AccessDeniedException denied) {
            throw origin.unusable("you may not read it", "chmod a+r it, or copy it somewhere", denied);
        }
    }

    private static FileKind of(FileChannel file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(LOOK);
        int count;
        do {
            count = file.read(start, start.position());
        } while (count > 0 && start.hasRemaining());
        byte[] bytes = Arrays.copyOf(start.array(), start.position());
        if (isHtml(bytes)) {
            return HTML;
        }
        String hex = HexFormat.of().formatHex(bytes);
        return Arrays.stream(values())
                .filter(kind -> kind != HTML && hex.startsWith(kind.magic, 2 * kind.at))
                .findFirst()
                .orElse(OTHER);
    }

    private static boolean isHtml(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1).strip().toLowerCase(Locale.ROOT);
        return text.startsWith("<!doctype html") || text.startsWith("<html");
    }

    private static PackageException noPackage(Origin origin, String what, String remedy) {
        return new PackageException(
                ErrorCode.PACKAGE_UNUSABLE,
                "unpacking " + origin.name() + ": it is no Debian package, but " + what,
                origin.file(),
                remedy,
                null);
    }
}
