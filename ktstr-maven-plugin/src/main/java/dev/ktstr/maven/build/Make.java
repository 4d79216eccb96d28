package dev.ktstr.maven.build;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs make in a tree, in a process group of its own, of which nothing is left afterwards. For one thread. */
final class Make {
    private final Path tree;
    private final MakeLog log;
    private final BuildReport report;
    private final Environment environment;
    private boolean isWarned;

    /** @param log all output is appended to it */
    Make(Path tree, MakeLog log, BuildReport report, Environment environment) {
        this.tree = tree;
        this.log = log;
        this.report = report;
        this.environment = environment;
    }

    /**
     * Runs it to its end.
     *
     * @param doing for messages: what is being done
     * @param confinement words in front of the command, which limit it to some processors
     * @param limit how long it may take
     * @throws BuildException if it fails, or takes too long
     * @throws InterruptedIOException if this thread is interrupted; nothing runs any more then
     */
    void run(String doing, List<String> arguments, List<String> confinement, Duration limit) throws IOException {
        List<String> make = new ArrayList<>(List.of("make", "-C", tree.toString()));
        make.addAll(arguments);
        List<String> command = new ArrayList<>(List.of("setsid", "/bin/sh", "-c", MakeGroup.SHELL, "sh"));
        command.addAll(confinement);
        command.addAll(make);
        log.write("$ " + String.join(" ", make), true);
        String said = "make " + String.join(" ", arguments);
        long start = environment.nanoTime();
        Process process = start(command, doing);
        MakeGroup group = new MakeGroup(process, environment);
        // Before the JVM's own locks go: whoever gets them must not find compilers at work.
        Thread onExit = new Thread(group::end, "ktstr-make-killer");
        try {
            MakeOutput output = MakeOutput.of(process.getInputStream(), log, report, environment);
            boolean isExiting = !isAdded(onExit);
            boolean isEnded = !isExiting && process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            Duration elapsed = Duration.ofNanos(environment.nanoTime() - start);
            group.end();
            output.awaitEnd();
            if (!isEnded) {
                throw failed(doing, said + " did not end in " + Durations.format(limit), output);
            }
            if (process.exitValue() != 0) {
                throw failed(
                        doing,
                        said + " ended with status " + process.exitValue() + " after " + BuildReport.time(elapsed),
                        output);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + doing + "; make was stopped");
        } finally {
            group.end();
            remove(onExit);
        }
    }

    private Process start(List<String> command, String doing) throws BuildException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        List<String> unheeded = MakeEnvironment.clean(builder.environment());
        if (!unheeded.isEmpty() && !isWarned) {
            isWarned = true;
            report.warn("not heeded, though set in the environment: " + String.join(", ", unheeded)
                    + "; what is to count has to be in the tree or in ktstr.extraKconfig");
        }
        try {
            return builder.start();
        } catch (IOException failed) {
            throw new BuildException(
                    ErrorCode.BUILD_TREE,
                    doing + ": " + failed.getMessage(),
                    tree,
                    "see whether that program can be run, and how many processes this user may have (ulimit -u)",
                    failed);
        }
    }

    private static boolean isAdded(Thread hook) {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            return true;
        } catch (IllegalStateException exiting) {
            return false;
        }
    }

    private static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException exiting) {
            return; // it is running
        }
    }

    private BuildException failed(String doing, String what, MakeOutput output) {
        return new BuildException(
                ErrorCode.BUILD_FAILED,
                doing + ": " + what + output.excerpt(),
                log.file(),
                "all of its output is in that file; put right what it complains about, and run the goal again: make goes"
                        + " on where it stopped");
    }
}
