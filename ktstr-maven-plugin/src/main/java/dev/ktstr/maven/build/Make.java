package dev.ktstr.maven.build;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs make in a tree. It and all that it starts are a process group of their own, with a shell in front that ends with the
 * thread that started it (PR_SET_PDEATHSIG, prctl(2)), however that ends, and takes the group with it.
 */
final class Make {
    /**
     * What the shell does. It is told to terminate when its starter ends; should that have happened before the kernel knew,
     * it finds that it has another parent by then.
     */
    private static final String SHELL = """
            trap 'kill -KILL 0' TERM HUP INT
            test "$PPID" = "$0" || exit 125
            "$@" </dev/null &
            wait $!
            """;

    /** What of the environment would have make do something else than was asked for. */
    private static final Set<String> MISLEADING = Set.of(
            "MAKEFLAGS",
            "MAKELEVEL",
            "MAKEFILES",
            "MFLAGS",
            "GNUMAKEFLAGS",
            "ARCH",
            "SRCARCH",
            "SUBARCH",
            "CROSS_COMPILE",
            "KBUILD_OUTPUT",
            "KBUILD_EXTMOD",
            "KBUILD_VERBOSE",
            "O",
            "V");

    private static final Duration KILLED_BY_THEN = Duration.ofSeconds(10);

    private final Path tree;
    private final Path log;
    private final BuildReport report;
    private final Environment environment;

    /** @param log all output is appended to it */
    Make(Path tree, Path log, BuildReport report, Environment environment) {
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
        List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "TERM", "setsid"));
        command.addAll(List.of(
                "/bin/sh", "-c", SHELL, Long.toString(ProcessHandle.current().pid())));
        command.addAll(confinement);
        command.addAll(make);
        String said = "make " + String.join(" ", arguments);
        Files.writeString(log, "$ " + String.join(" ", make) + "\n", StandardOpenOption.APPEND);
        long start = environment.nanoTime();
        Process process = start(command, doing);
        MakeOutput output = MakeOutput.of(process.getInputStream(), log, report, environment);
        // Before the JVM's own locks go: whoever gets them must not find compilers at work.
        Thread onExit = new Thread(() -> kill(process, output), "ktstr-make-killer");
        boolean isExiting = !isAdded(onExit);
        try {
            boolean isEnded = !isExiting && process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            Duration elapsed = Duration.ofNanos(environment.nanoTime() - start);
            if (!isEnded) {
                kill(process, output);
                throw failed(doing, said + " did not end in " + Durations.format(limit), output);
            }
            output.awaitEnd();
            if (process.exitValue() != 0) {
                throw failed(
                        doing,
                        said + " ended with status " + process.exitValue() + " after " + BuildReport.time(elapsed),
                        output);
            }
        } catch (InterruptedException interrupted) {
            kill(process, output);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + doing + "; make was stopped");
        } finally {
            remove(onExit);
        }
    }

    private Process start(List<String> command, String doing) throws BuildException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Map<String, String> variables = builder.environment();
        variables
                .keySet()
                .removeIf(name -> name.startsWith("GIT_") || name.startsWith("KCONFIG_") || MISLEADING.contains(name));
        variables.put("LC_ALL", "C");
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return process;
        } catch (IOException failed) {
            throw new BuildException(
                    ErrorCode.BUILD_TREE,
                    doing + ": " + failed.getMessage(),
                    tree,
                    "see whether that program can be run, and how many processes this user may have (ulimit -u)",
                    failed);
        }
    }

    /** Not by {@link Process#destroy}, which also closes the stream whose end tells that all of the group are gone. */
    private static void kill(Process process, MakeOutput output) {
        process.toHandle().destroy();
        boolean interrupted = false;
        try {
            if (!process.waitFor(KILLED_BY_THEN.toMillis(), TimeUnit.MILLISECONDS)) {
                process.toHandle().destroyForcibly();
            }
            output.awaitEnd();
        } catch (InterruptedException again) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
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
                log,
                "all of its output is in that file; put right what it complains about, and run the goal again: make goes"
                        + " on where it stopped");
    }
}
