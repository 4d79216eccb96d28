package dev.ktstr.disk;

import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;

/** Whether an image is what its template's name says: of that size, and with that file system's superblock. */
final class Superblock {
    private Superblock() {}

    /** What is wrong, in one line; empty when nothing is. */
    static Optional<String> problem(Fd image, Filesystem filesystem, long size) throws IOException {
        FileStat stat = image.stat();
        if (!stat.isRegularFile()) {
            return Optional.of("it is no regular file");
        }
        if (stat.size() != size) {
            return Optional.of("it has " + stat.size() + " bytes instead of " + size);
        }
        byte[] found = new byte[filesystem.magic().length() / 2];
        int count = image.read(found, filesystem.magicOffset());
        return HexFormat.of().formatHex(found, 0, count).equals(filesystem.magic())
                ? Optional.empty()
                : Optional.of("it has no superblock of " + filesystem.text());
    }

    /** The same of a file that need not be there. */
    static Optional<String> problem(Path image, Filesystem filesystem, long size) throws IOException {
        try (Fd file = open(image).orElse(null)) {
            if (file != null) {
                return problem(file, filesystem, size);
            }
            return Optional.of(
                    Files.exists(image, LinkOption.NOFOLLOW_LINKS)
                            ? "it is no regular file"
                            : "there is no " + image.getFileName());
        }
    }

    /** Empty if it is not there, or is nothing that can be an image: a link, a socket. */
    static Optional<Fd> open(Path image) throws IOException {
        try {
            return Fd.openIfPresent(image);
        } catch (OsException failed) {
            if (failed.errno() == Errno.ELOOP || failed.errno() == Errno.ENXIO) {
                return Optional.empty();
            }
            throw failed;
        }
    }
}
