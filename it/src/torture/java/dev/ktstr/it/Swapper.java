package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process of another user's that exchanges what two paths name, as fast as it can: {@code swap.c}. */
final class Swapper implements AutoCloseable {
    private static final int PATIENCE = 10;

    private final Process process;
    private final BufferedReader output;
    private final List<String> command;

    private Swapper(Process process, List<String> command) {
        this.process = process;
        this.output = process.inputReader();
        this.command = command;
    }

    /** The program, compiled in a directory that the other user can enter. */
    static Path compile(Path directory) throws IOException, InterruptedException {
        Path program = directory.resolve("swap");
        Path source = Path.of(System.getProperty("basedir", "."), "src/torture/c/swap.c");
        Commands.run(
                "gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program.toString(), source.toString());
        return program;
    }

    /** @param arguments what is to be exchanged, as the program wants it */
    static Swapper start(Path program, List<String> arguments) throws IOException {
        List<String> words = new ArrayList<>(List.of(program.toString()));
        words.addAll(arguments);
        List<String> command = OtherUser.command(words.toArray(String[]::new));
        Swapper swapper = new Swapper(
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start(),
                command);
        if (!"ready".equals(swapper.output.readLine())) {
            swapper.close();
            throw new IOException("it does not start: " + command);
        }
        return swapper;
    }

    /**
     * Ends it; how often it has exchanged them.
     *
     * @throws IOException if it has ended before, because it could not: then nobody knows
     */
    long stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        String swapped = output.readLine();
        if (!process.waitFor(PATIENCE, TimeUnit.SECONDS) || process.exitValue() != 0 || swapped == null) {
            throw new IOException("it did not end well: " + command + " said " + swapped + ", and what is above");
        }
        return Long.parseLong(swapped);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
