package dev.ktstr.disk;

import java.io.IOException;
import java.nio.file.Path;

/** Makes a file system on an image. */
public interface TemplateFormatter {
    /**
     * Which program formats: what another one makes is another template.
     *
     * @return the first 16 hex digits of the SHA-256 of the program's file
     * @throws DiskException if there is no such program
     */
    String fingerprint(Filesystem filesystem) throws IOException;

    /**
     * Formats.
     *
     * @param image a sparse file of the disk's size, all zeros, that nobody else uses: mostly {@code /proc/<pid>/fd/<n>}, so it is
     *     to be written where it is, and not replaced
     * @throws DiskException if that fails, or takes too long; the image is removed by the caller
     */
    void format(Path image, DiskSpec spec) throws IOException;
}
