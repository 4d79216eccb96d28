package dev.ktstr.maven.build;

import dev.ktstr.Environment;
import dev.ktstr.Printable;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What make prints: into the log, and what of it people want to see at once. Safe for use by several threads. */
final class MakeOutput {
    private static final int LAST_LINES = 12;
    private static final int LONGEST_LINE = 300;

    /** {@code   CC      fs/ext4/inode.o}, {@code   CC [M]  fs/xfs/xfs.o} */
    private static final Pattern STEP = Pattern.compile(" {2}([A-Z][A-Z0-9_]*(?: \\[M])?) +(\\S.*)");

    private static final Pattern ERROR = Pattern.compile(
            "(?:^|[\\s:])(?:fatal )?error:|undefined reference to|\\*\\*\\* No rule to make|: not found$|FAILED");

    /** Daemons that a compiler starts may keep the pipe open. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final BuildReport report;
    private final Environment environment;
    private final long start;
    private final Thread reader;
    private final Deque<String> last = new ArrayDeque<>();
    private @Nullable String error;
    private long steps;

    private MakeOutput(InputStream output, MakeLog log, BuildReport report, Environment environment) {
        this.report = report;
        this.environment = environment;
        this.start = environment.nanoTime();
        this.reader = new Thread(() -> read(output, log), "ktstr-make-output");
        this.reader.setDaemon(true);
    }

    /** Reads on a thread of its own: a pipe cannot be read in a way that can be interrupted. */
    static MakeOutput of(InputStream output, MakeLog log, BuildReport report, Environment environment) {
        MakeOutput made = new MakeOutput(output, log, report, environment);
        made.reader.start();
        return made;
    }

    /** Waits until nobody can print any more. */
    void awaitEnd() throws InterruptedException {
        reader.join(PATIENCE.toMillis());
    }

    /** The first error, if one was recognised, and the last lines, indented, on lines of their own. */
    synchronized String excerpt() {
        StringBuilder text = new StringBuilder();
        if (error != null && !last.contains(error)) {
            text.append("; the first error:\n    ").append(error).append("\n  and the last lines:");
        } else {
            text.append(last.isEmpty() ? "; it printed nothing" : "; the last lines:");
        }
        last.forEach(line -> text.append("\n    ").append(line));
        return text.toString();
    }

    /** Whatever goes wrong here, make must not wait for somebody who reads. */
    private void read(InputStream output, MakeLog log) {
        try (output) {
            try {
                // Not to be closed before the rest has been read.
                BufferedReader lines = new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8));
                String line;
                while ((line = lines.readLine()) != null) {
                    log.write(line, !lines.ready());
                    take(line);
                }
            } finally {
                output.transferTo(OutputStream.nullOutputStream());
            }
        } catch (IOException | RuntimeException failed) {
            report.warn("the output of make could not be followed to its end: " + failed);
        }
    }

    private void take(String line) {
        String shown = Printable.text(line);
        Matcher step = STEP.matcher(shown);
        boolean isStep = step.matches();
        synchronized (this) {
            if (isStep) {
                steps++;
            }
            String cut = shown.length() <= LONGEST_LINE ? shown : shown.substring(0, LONGEST_LINE) + "...";
            if (error == null && !isStep && ERROR.matcher(shown).find()) {
                error = cut;
            }
            last.addLast(cut);
            if (last.size() > LAST_LINES) {
                last.removeFirst();
            }
        }
        if (isStep) {
            report.step(step.group(1) + " " + step.group(2), steps, Duration.ofNanos(environment.nanoTime() - start));
        }
    }
}
