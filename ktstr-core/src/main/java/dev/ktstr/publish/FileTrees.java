package dev.ktstr.publish;

import dev.ktstr.os.Directories;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Whole directory trees. Symbolic links are never followed. */
public final class FileTrees {
    private FileTrees() {}

    /**
     * Removes a directory with all that is in it; nothing there is fine, and so is what somebody else removes meanwhile: the
     * original cleans without a lock. By way of open directories, one for each level (a path has room for 2,000): whoever may
     * write to one could put a link in the place of a directory between two looks at its path, and have us remove what that leads
     * to.
     */
    public static void delete(Path top) throws IOException {
        Path parent = top.toAbsolutePath().getParent();
        if (parent != null && FileStat.ofLink(top).isPresent()) {
            try (Fd above = Fd.openDirectory(parent)) {
                delete(above, top);
            }
        }
    }

    /** The same of what is in a directory of ours; where that is a link by now, nothing is removed. */
    static void deleteInside(Path directory, String name) throws IOException {
        try (Fd inside = Fd.openDirectoryIfPresent(directory).orElse(null)) {
            if (inside != null) {
                delete(inside, directory.resolve(name));
            }
        }
    }

    private static void delete(Fd directory, Path path) throws IOException {
        if (isRemovedAsFile(directory, path)) {
            return;
        }
        try (Fd inside = directory.openDirectoryAt(path).orElse(null)) {
            if (inside == null) {
                return; // removed by somebody else meanwhile, as was wanted
            }
            for (Path name : Directories.names(inside)) {
                delete(inside, path.resolve(name));
            }
        }
        directory.removeDirectoryAt(path);
    }

    private static boolean isRemovedAsFile(Fd directory, Path path) throws OsException {
        try {
            directory.removeAt(path);
            return true;
        } catch (OsException failed) {
            if (failed.errno() == Errno.EISDIR) {
                return false;
            }
            throw failed;
        }
    }

    /** Forces every file to disk, then every directory, the innermost first. */
    static void sync(Path top) throws IOException {
        List<Path> directories = new ArrayList<>();
        syncFiles(top, directories);
        for (Path directory : directories) {
            syncDirectory(directory);
        }
    }

    private static void syncFiles(Path path, List<Path> directories) throws IOException {
        FileStat stat = FileStat.ofLink(path).orElseThrow(() -> new NoSuchFileException(path.toString()));
        if (stat.isDirectory()) {
            for (Path each : Directories.children(path)) {
                syncFiles(each, directories);
            }
            directories.add(path);
        } else if (stat.isRegularFile()) {
            // Without waiting, in case it is a pipe by now.
            try (Fd fd = Fd.openIfPresent(path).orElseThrow(() -> new NoSuchFileException(path.toString()))) {
                fd.fsync();
            }
        }
    }

    static void syncDirectory(Path directory) throws IOException {
        try (Fd fd = Fd.openDirectory(directory)) {
            fd.fsync();
        }
    }

    /**
     * Creates a directory and those above it that are missing.
     *
     * @return what has to be forced to disk for them to last: the created ones, innermost first, and the first that
     *     was there. Empty if nothing was created.
     */
    static List<Path> create(Path directory) throws IOException {
        List<Path> touched = new ArrayList<>();
        Path missing = directory.toAbsolutePath();
        // Not as Files.isDirectory has it, for which whatever cannot be looked at is not there.
        while (missing != null
                && FileStat.of(missing).filter(FileStat::isDirectory).isEmpty()) {
            touched.add(missing);
            missing = missing.getParent();
        }
        if (touched.isEmpty()) {
            return touched;
        }
        Files.createDirectories(directory);
        if (missing != null) {
            touched.add(missing);
        }
        return touched;
    }
}
