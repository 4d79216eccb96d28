package dev.ktstr.lock;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** {@code flock(1)} of util-linux, holding a lock: a peer that is not ours. Its child does not have the descriptor. */
final class FlockProcess implements AutoCloseable {
    private final Process process;

    private FlockProcess(Process process) {
        this.process = process;
    }

    /** Returns when the lock is held. */
    static FlockProcess hold(Path file, FlockMode mode) throws IOException {
        String option = mode == FlockMode.SHARED ? "-s" : "-x";
        Process process = new ProcessBuilder("flock", "-o", option, file.toString(), "sh", "-c", "echo held; read end")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output = process.inputReader();
        if (!"held".equals(output.readLine())) {
            process.destroyForcibly();
            throw new IOException("flock did not get the lock on " + file);
        }
        return new FlockProcess(process);
    }

    long pid() {
        return process.pid();
    }

    /** {@code kill -9}. */
    void kill() throws IOException {
        process.destroyForcibly();
        await();
    }

    /** Lets it go in the ordinary way. */
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        await();
    }

    private void await() throws IOException {
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new IOException("flock " + pid() + " does not end");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
