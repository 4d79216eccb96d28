package dev.ktstr.maven.doctor;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Directories that may not be there yet. */
final class Places {
    private Places() {}

    /** The path itself if anything is there, else the nearest above it. */
    static Path nearest(Path wanted) {
        Path at = wanted.toAbsolutePath();
        Path above = at.getParent();
        while (above != null && !Files.exists(at, LinkOption.NOFOLLOW_LINKS)) {
            at = above;
            above = at.getParent();
        }
        return at;
    }
}
