package dev.ktstr.cache;

import dev.ktstr.os.Fd;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A file that we have just written, once more. Whoever may write to the store can have put something else in its place: a pipe
 * would be waited for, a link to {@code /dev/zero} has no end, and what is elsewhere is not ours to remove.
 */
final class Written {
    private Written() {}

    static Fd open(Path file) throws IOException {
        return Fd.openRegularIfPresent(file)
                .orElseThrow(() -> new FileSystemException(
                        file.toString(), null, "somebody has put something else in its place, or removed it"));
    }

    static String sha256(Path file) throws IOException {
        try (Fd open = open(file)) {
            return Checksums.sha256(open);
        }
    }

    /** @param limit in bytes; what is larger is refused */
    static byte[] read(Path file, int limit) throws IOException {
        try (Fd open = open(file)) {
            return open.readAll(limit);
        }
    }

    static void remove(Path file) throws IOException {
        Path directory = Objects.requireNonNull(file.getParent(), "a file of an entry");
        try (Fd above = Fd.openDirectoryIfPresent(directory).orElse(null)) {
            if (above != null) {
                above.removeAt(file);
            }
        }
    }
}
