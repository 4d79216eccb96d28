package dev.ktstr.elf;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs a program to its end. What it prints goes to files, because a kernel's symbols are many. */
final class Command {
    record Result(int exit, Path out, Path err) {
        List<String> lines() throws IOException {
            return Files.readAllLines(out, StandardCharsets.ISO_8859_1);
        }

        String text() throws IOException {
            return Files.readString(out, StandardCharsets.ISO_8859_1);
        }

        String errors() throws IOException {
            return Files.readString(err, StandardCharsets.ISO_8859_1);
        }
    }

    private Command() {}

    /** Aborts the test when the program is not installed. */
    static Result run(Path directory, String... command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", ".txt");
        Path err = Files.createTempFile(directory, "err", ".txt");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
        } catch (IOException e) {
            return abort(command[0] + " cannot be started here: " + e.getMessage());
        }
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly().waitFor();
            throw new IOException("gave up after two minutes: " + String.join(" ", command));
        }
        return new Result(process.exitValue(), out, err);
    }

    /** Runs {@link StripChild} in a JVM of its own, started by the given words, such as {@code env}, if any. */
    static Result child(Path directory, List<String> before, List<String> options, Path source, Path target)
            throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Stream<String> main = Stream.of(
                "-cp",
                System.getProperty("java.class.path"),
                StripChild.class.getName(),
                source.toString(),
                target.toString());
        List<String> command = new ArrayList<>(before);
        command.add(java.toString());
        command.addAll(options);
        main.forEach(command::add);
        return run(directory, command.toArray(String[]::new));
    }
}
