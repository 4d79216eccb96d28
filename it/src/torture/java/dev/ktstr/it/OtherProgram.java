package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A program that is at work until it is told to go on, or is killed. */
final class OtherProgram implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private OtherProgram(Process process, BufferedReader output) {
        this.process = process;
        this.output = output;
    }

    /** Starts one, and waits until it says so. */
    static OtherProgram start(String name, List<String> command, String word) throws IOException {
        Process process = Commands.start(command);
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        if (!word.equals(line)) {
            throw new IOException(name + " has not come so far: " + line);
        }
        return new OtherProgram(process, output);
    }

    /**
     * One that holds the lock of a key.
     *
     * @param mode as flock(1) calls it
     */
    static OtherProgram holding(Path root, String key, String mode) throws IOException {
        Path file = root.resolve(".locks").resolve(key + ".lock");
        return start(key, List.of("flock", mode, file.toString(), "sh", "-c", "echo held; exec cat"), "held");
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Lets it go on to its end; what it says last. */
    String end() throws IOException, InterruptedException {
        process.getOutputStream().close();
        String last = "";
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            last = line;
        }
        process.waitFor();
        return last;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (process.isAlive()) {
            end();
        }
    }
}
