package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A strace that is attached to a thread which waits, and so counts its calls from there on. */
final class Strace implements AutoCloseable {
    private static final int PATIENCE = 10;

    private final Process process;
    private final Path output;
    private final Victim victim;

    private Strace(Process process, Path output, Victim victim) {
        this.process = process;
        this.output = output;
        this.victim = victim;
    }

    /**
     * Attaches one; it is attached when this returns.
     *
     * @param isFollowing whether to attach to all threads of the process, and those that they start
     * @param options what to trace, and to inject
     */
    static Strace attach(Path output, Victim victim, boolean isFollowing, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("strace", "-y", "-s", "0", "-o", output.toString()));
        if (isFollowing) {
            command.add("-f");
        }
        command.addAll(List.of(options));
        command.addAll(List.of("-p", victim.thread()));
        Process process = Commands.start(command);
        BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = said.readLine();
        if (line == null || !line.contains(" attached")) {
            throw new IOException(String.join(" ", command) + ": " + line);
        }
        return new Strace(process, output, victim);
    }

    /** Detaches, if that has not happened by itself, and reads what was traced. */
    List<Call> calls() throws IOException, InterruptedException {
        if (!victim.isAlive()) {
            process.waitFor(PATIENCE, TimeUnit.SECONDS); // it has still to write down what it saw
        }
        close();
        return Call.parse(Files.readAllLines(output, StandardCharsets.ISO_8859_1).stream(), victim.thread());
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy(); // SIGTERM: it lets go of its threads first
        if (!process.waitFor(PATIENCE, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
