package dev.ktstr.maven.doctor;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A lock held by another process, flock(1), until it is told to give it back. It gives it back, too, when this JVM ends in any
 * way: it reads from a pipe that ends then.
 */
final class ChildLock implements AutoCloseable {
    private static final String HELD = "held";
    private static final int SECONDS = 5;

    private final Process process;
    private final boolean isHeld;

    private ChildLock(Process process, boolean isHeld) {
        this.process = process;
        this.isHeld = isHeld;
    }

    /**
     * Tries to take it, without waiting.
     *
     * @param option {@code -x} exclusive, {@code -s} shared
     */
    static ChildLock tryTake(Path program, String option, Path file) throws IOException {
        Process process = new ProcessBuilder(
                        program.toString(), "-n", option, file.toString(), "sh", "-c", "echo " + HELD + "; read enough")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader output = process.inputReader(); // closed with the process
        return new ChildLock(process, HELD.equals(output.readLine()));
    }

    /** Whether it got it. */
    boolean isHeld() {
        return isHeld;
    }

    long pid() {
        return process.pid();
    }

    void release() throws IOException, InterruptedException {
        process.getOutputStream().close();
        process.waitFor(SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close(); // its shell ends
        process.getInputStream().close();
        try {
            process.waitFor(SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
