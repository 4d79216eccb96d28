package dev.ktstr.os;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is in directories. */
public final class Directories {
    private Directories() {}

    /**
     * What is directly in a directory, in no order.
     *
     * @throws IOException if it cannot be read, as {@link Files#newDirectoryStream(Path)} and its iterator have it, but never
     *     unchecked
     */
    @SuppressWarnings("StreamResourceLeak") // it is closed, only not as try would have it
    public static List<Path> children(Path directory) throws IOException {
        // With a dot behind it: the JDK waits for a pipe that somebody has put in a directory's place.
        DirectoryStream<Path> all = Files.newDirectoryStream(directory.resolve("."));
        List<Path> children = new ArrayList<>();
        try {
            all.forEach(child -> children.add(directory.resolve(child.getFileName())));
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        } finally {
            closeQuietly(all);
        }
        return children;
    }

    /** Nothing is lost by what fails here. And it may be an exception that the JDK does not declare (UnixException). */
    private static void closeQuietly(DirectoryStream<Path> read) {
        try {
            read.close();
        } catch (Exception ignored) {
            return;
        }
    }
}
