package dev.ktstr.maven.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How a program ended that prints little.
 *
 * @param output its standard output and error
 */
record Command(int status, String output) {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** Runs it to its end, with nothing to read. */
    static Command run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try (InputStream output = process.getInputStream()) {
            process.getOutputStream().close();
            if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(String.join(" ", words) + " had not ended after " + LIMIT.toSeconds() + "s");
            }
            // Not to its end: a child that it left behind may keep the pipe open.
            byte[] printed = output.readNBytes(output.available());
            return new Command(process.exitValue(), new String(printed, StandardCharsets.UTF_8).strip());
        } finally {
            process.destroyForcibly();
        }
    }

    String firstLine() {
        return output.lines().findFirst().orElse("");
    }
}
