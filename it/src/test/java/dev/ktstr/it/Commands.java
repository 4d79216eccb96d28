package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Other programs, and JVMs of our own. */
final class Commands {
    private Commands() {}

    /** Runs a program to its end and fails unless that is a good one; what it printed. */
    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s", String.join(" ", command), output)
                .isZero();
        return output;
    }

    /**
     * The command line that runs a main class of these tests in a JVM of its own: without the file for jps and the like, because a
     * JVM says so on its standard output if another one, which has just started too, looks whether that file is left over.
     */
    static List<String> jvm(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                classPath(),
                main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Of this process, for others that work in another directory. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(each -> Path.of(each).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    static String finish(Process process) throws IOException, InterruptedException {
        // By another thread: what never ends keeps its output open, too.
        FutureTask<byte[]> output =
                new FutureTask<>(() -> process.getInputStream().readAllBytes());
        new Thread(output, "output of a process").start();
        try {
            String text = new String(output.get(2, TimeUnit.MINUTES), StandardCharsets.UTF_8);
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
            return text;
        } catch (ExecutionException | TimeoutException failed) {
            throw new AssertionError(process.info().commandLine().orElse("a process") + " does not end", failed);
        } finally {
            if (process.isAlive()) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        }
    }

    static void requireRoot() throws IOException {
        Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        assumeTrue(user.equals(0), "needs root");
    }

    static void requireProgram(String name) {
        boolean found = List.of(System.getenv("PATH").split(":", -1)).stream()
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
        assumeTrue(found, () -> "needs the program " + name);
    }
}
