package dev.ktstr.maven.build;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file that has everything that make prints, open from the first line to the last: it may be removed meanwhile, or its disk
 * be full, and neither is a reason for a build to fail. Safe for use by several threads.
 */
final class MakeLog implements AutoCloseable {
    private final Path file;
    private final BuildReport report;
    private final BufferedWriter writer;
    private boolean isOver;

    private MakeLog(Path file, BuildReport report, BufferedWriter writer) {
        this.file = file;
        this.report = report;
        this.writer = writer;
    }

    /** Begins it anew. */
    static MakeLog start(Path file, BuildReport report) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.deleteIfExists(file);
        // In a directory for temporary files it must be nobody else's.
        return new MakeLog(
                file,
                report,
                Files.newBufferedWriter(
                        file, StandardCharsets.UTF_8, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    }

    Path file() {
        return file;
    }

    /** @param isLastForNow whether people who look at the file are to see it at once */
    synchronized void write(String line, boolean isLastForNow) {
        if (isOver) {
            return;
        }
        try {
            writer.write(line);
            writer.newLine();
            if (isLastForNow) {
                writer.flush();
            }
        } catch (IOException failed) {
            giveUp(failed);
        }
    }

    @Override
    public synchronized void close() {
        try (writer) {
            if (!isOver) {
                isOver = true;
                writer.flush();
            }
        } catch (IOException failed) {
            giveUp(failed);
        }
    }

    private void giveUp(IOException failed) {
        isOver = true;
        report.warn("the output of make can no longer be written to " + file + ", which lacks the rest: " + failed);
    }
}
