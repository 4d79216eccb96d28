package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A process of another user's that exchanges what two paths name, as fast as it can: {@code swap.c}. */
final class Swapper implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private Swapper(Process process) {
        this.process = process;
        this.output = process.inputReader();
    }

    /** The program, compiled in a directory that the other user can enter. */
    static Path compile(Path directory) throws IOException, InterruptedException {
        Path program = directory.resolve("swap");
        Path source = Path.of(System.getProperty("basedir", "."), "src/torture/c/swap.c");
        Commands.run(
                "gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program.toString(), source.toString());
        return program;
    }

    static Swapper start(Path program, Path one, Path other) throws IOException {
        List<String> command = OtherUser.command(program.toString(), one.toString(), other.toString());
        Swapper swapper = new Swapper(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
        if (!"ready".equals(swapper.output.readLine())) {
            swapper.close();
            throw new IOException("it does not start: " + command);
        }
        return swapper;
    }

    /** Ends it; how often it has exchanged them. */
    long stop() throws IOException {
        process.getOutputStream().close();
        String swapped = output.readLine();
        return swapped == null ? 0 : Long.parseLong(swapped);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
