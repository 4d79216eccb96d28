package dev.ktstr.disk;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.os.FileFailures;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Formats with the host's own mkfs, which needs no privileges on an image. */
final class HostFormatter implements TemplateFormatter {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int TOLD_LINES = 20;

    private final Environment environment;
    private final Duration limit;

    HostFormatter(Environment environment) {
        this(environment, LIMIT);
    }

    HostFormatter(Environment environment, Duration limit) {
        this.environment = environment;
        this.limit = limit;
    }

    @Override
    public String fingerprint(Filesystem filesystem) throws IOException {
        return FormatterProgram.locate(filesystem, environment).fingerprint();
    }

    @Override
    public void format(Path image, DiskSpec spec) throws IOException {
        List<String> command = command(image, spec);
        Path output = log();
        try {
            Process mkfs = start(command, output);
            mkfs.getOutputStream().close(); // a question gets no answer
            int status = await(mkfs, command, output);
            if (status != 0) {
                throw failed(command, "it ended with status " + status, output);
            }
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /** For what it prints. */
    private static Path log() throws IOException {
        try {
            return Files.createTempFile("ktstr-mkfs-", ".log");
        } catch (FileSystemException failed) {
            throw new DiskException(
                    ErrorCode.OS_CALL,
                    "formatting a disk: making a file for what mkfs prints: " + FileFailures.describe(failed),
                    null,
                    "free space there, or have another directory for temporary files (-Djava.io.tmpdir)",
                    failed);
        }
    }

    private static Process start(List<String> command, Path output) throws DiskException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException failed) {
            throw new DiskException(
                    ErrorCode.FORMATTER_FAILED,
                    "formatting a disk: " + failed.getMessage(),
                    null,
                    "see whether that program can be run, and how many processes this user may have (ulimit -u)",
                    failed);
        }
    }

    private int await(Process mkfs, List<String> command, Path output) throws IOException {
        try {
            if (mkfs.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return mkfs.exitValue();
            }
        } catch (InterruptedException interrupted) {
            kill(mkfs);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + command.get(0) + " was formatting");
        }
        kill(mkfs);
        throw failed(command, "it had not ended after " + Durations.format(limit) + ", and was killed", output);
    }

    /**
     * With its children: a script that hangs does so in something that it started. The script first, or it would go on with
     * its next command. What it left behind when it ended by itself is not found.
     */
    private static void kill(Process mkfs) {
        List<ProcessHandle> all =
                Stream.concat(Stream.of(mkfs.toHandle()), mkfs.descendants()).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        all.stream().flatMap(ProcessHandle::descendants).forEach(ProcessHandle::destroyForcibly);
        all.forEach(process ->
                process.onExit().completeOnTimeout(process, 5, TimeUnit.SECONDS).join());
    }

    private List<String> command(Path image, DiskSpec spec) throws IOException {
        FormatterProgram mkfs = FormatterProgram.locate(spec.filesystem(), environment);
        List<String> command = new ArrayList<>(List.of(mkfs.path().toString()));
        command.addAll(mkfs.arguments(spec));
        command.add(image.toString());
        return command;
    }

    private static DiskException failed(List<String> command, String why, Path output) throws IOException {
        List<String> lines = new String(Files.readAllBytes(output), StandardCharsets.UTF_8)
                .lines()
                .toList();
        List<String> told = lines.subList(Math.max(0, lines.size() - TOLD_LINES), lines.size());
        return new DiskException(
                ErrorCode.FORMATTER_FAILED,
                "formatting a disk with " + String.join(" ", command) + ": " + why
                        + (told.isEmpty() ? "; it said nothing" : "; it said:\n  " + String.join("\n  ", told)),
                null,
                "if size, label or options of the disk are at fault, change them; else try that command by hand on a"
                        + " file of that size");
    }
}
