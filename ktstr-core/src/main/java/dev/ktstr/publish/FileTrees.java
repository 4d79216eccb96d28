package dev.ktstr.publish;

import dev.ktstr.os.Fd;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whole directory trees. Symbolic links are never followed. */
public final class FileTrees {
    private FileTrees() {}

    private interface Visit {
        void visit(Path path) throws IOException;
    }

    /** Removes a directory with all that is in it; nothing there is fine. */
    public static void delete(Path top) throws IOException {
        if (Files.exists(top, LinkOption.NOFOLLOW_LINKS)) {
            walk(top, Files::deleteIfExists, Files::deleteIfExists, true);
        }
    }

    /** Forces every file to disk, then every directory, the innermost first. */
    static void sync(Path top) throws IOException {
        List<Path> directories = new ArrayList<>();
        walk(top, FileTrees::syncFile, directories::add, false);
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
        while (missing != null && !Files.isDirectory(missing)) {
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

    private static void syncFile(Path file) throws IOException {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            try (Fd fd = Fd.openForReading(file)) {
                fd.fsync();
            }
        }
    }

    /**
     * Visits every file, and every directory after what is in it.
     *
     * @param mayVanish whether it is fine if somebody else removes some of it meanwhile: the original cleans without a lock
     */
    private static void walk(Path top, Visit file, Visit directory, boolean mayVanish) throws IOException {
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                file.visit(path);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException failure) throws IOException {
                if (mayVanish && failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path path, @Nullable IOException failure) throws IOException {
                super.postVisitDirectory(path, failure);
                directory.visit(path);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
