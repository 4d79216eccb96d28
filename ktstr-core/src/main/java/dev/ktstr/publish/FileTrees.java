package dev.ktstr.publish;

import dev.ktstr.KtstrException;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Whole directory trees. Symbolic links are never followed. */
public final class FileTrees {
    /** A name of a package's member can have some 500 of them; only somebody who means harm makes more. */
    private static final int MOST_LEVELS = 2000;

    private FileTrees() {}

    private interface VisitFile {
        void visit(Path path, boolean isRegular) throws IOException;
    }

    private interface VisitDirectory {
        void visit(Path path) throws IOException;
    }

    private interface Action {
        void run() throws IOException;
    }

    /**
     * Removes a directory with all that is in it; nothing there is fine, and so is what somebody else removes meanwhile: the
     * original cleans without a lock. By way of open directories: whoever may write to one could put a link in the place of a
     * directory between two looks at its path, and have us remove what that leads to.
     */
    public static void delete(Path top) throws IOException {
        Path parent = top.toAbsolutePath().getParent();
        if (parent != null && FileStat.ofLink(top).isPresent()) {
            located(top, () -> {
                try (DirectoryStream<Path> above = Files.newDirectoryStream(parent)) {
                    delete(secure(above), top, MOST_LEVELS);
                }
            });
        }
    }

    /** @param path whose last name is one in the open directory; the rest is for messages */
    private static void delete(SecureDirectoryStream<Path> directory, Path path, int levels) throws IOException {
        if (levels == 0) {
            throw new FileSystemException(path.toString(), null, "more than " + MOST_LEVELS + " directories deep");
        }
        Path name = Objects.requireNonNull(path.getFileName(), "a name in a directory");
        try {
            if (isDirectory(directory, name)) {
                try (DirectoryStream<Path> inside = directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                    for (Path each : inside) {
                        delete(secure(inside), each, levels - 1);
                    }
                }
                directory.deleteDirectory(name);
            } else {
                directory.deleteFile(name);
            }
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        } catch (NoSuchFileException gone) {
            return; // as was wanted
        } catch (FileSystemException failed) {
            throw failed.getFile() == null || failed.getFile().equals(name.toString()) ? located(failed, path) : failed;
        }
    }

    private static boolean isDirectory(SecureDirectoryStream<Path> directory, Path name) throws IOException {
        return directory
                .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes()
                .isDirectory();
    }

    /** What the JDK says of a name in an open directory, as it says it of a path. */
    private static FileSystemException located(FileSystemException failure, Path path) {
        String why = failure instanceof DirectoryNotEmptyException ? "Directory not empty" : failure.getReason();
        FileSystemException located = failure instanceof AccessDeniedException
                ? new AccessDeniedException(path.toString(), null, why)
                : new FileSystemException(path.toString(), null, why);
        located.initCause(failure);
        return located;
    }

    /** On Linux they all are. */
    private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> directory) {
        return (SecureDirectoryStream<Path>) directory;
    }

    /** Forces every file to disk, then every directory, the innermost first. */
    static void sync(Path top) throws IOException {
        List<Path> directories = new ArrayList<>();
        walk(top, FileTrees::syncFile, directories::add);
        for (Path directory : directories) {
            syncDirectory(directory);
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

    private static void syncFile(Path file, boolean isRegular) throws IOException {
        if (isRegular) {
            try (Fd fd = Fd.openForReading(file)) {
                fd.fsync();
            }
        }
    }

    /** Visits every file, and every directory after what is in it. */
    private static void walk(Path top, VisitFile file, VisitDirectory directory) throws IOException {
        walk(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                file.visit(path, attributes.isRegularFile());
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path path, @Nullable IOException failure) throws IOException {
                super.postVisitDirectory(path, failure);
                directory.visit(path);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** {@link Files#walkFileTree(Path, FileVisitor)}, without what it throws and does not say of which file. */
    static void walk(Path top, FileVisitor<Path> visitor) throws IOException {
        located(top, () -> Files.walkFileTree(top, visitor));
    }

    private static void located(Path top, Action action) throws IOException {
        try {
            action.run();
        } catch (KtstrException | FileSystemException | RuntimeException told) {
            throw told;
        } catch (Exception untold) { // or not even declared: the JDK's UnixException, when a directory cannot be closed
            throw new FileSystemException(top.toString(), null, untold.getMessage());
        }
    }
}
