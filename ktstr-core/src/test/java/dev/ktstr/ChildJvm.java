package dev.ktstr;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a JVM of its own, with this one's class path. */
public final class ChildJvm {
    private final List<String> command = new ArrayList<>();
    private final ProcessBuilder builder = new ProcessBuilder();

    private ChildJvm(List<String> options, Class<?> main, List<String> arguments) {
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("LC_")
                        || name.equals("LANG")
                        || name.startsWith("KTSTR_")
                        || name.startsWith("XDG_"));
    }

    /** What a child that has ended said, and how it ended. */
    public record Outcome(int exitCode, String output) {}

    public static ChildJvm of(Class<?> main, String... arguments) {
        return of(List.of(), main, arguments);
    }

    public static ChildJvm of(List<String> options, Class<?> main, String... arguments) {
        return new ChildJvm(options, main, List.of(arguments));
    }

    public ChildJvm withVariables(Map<String, String> variables) {
        builder.environment().putAll(variables);
        return this;
    }

    /** Runs it through a shell, after this piece of script: for variables that are not text. */
    public ChildJvm after(String script) {
        command.addAll(0, List.of("sh", "-c", script + "; exec \"$@\"", "sh"));
        return this;
    }

    /** Starts it, for somebody who reads and ends it. */
    public Process start() throws IOException {
        return builder.command(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Both streams go to one output. */
    public Outcome run() throws IOException, InterruptedException {
        Path output = Files.createTempFile("child", ".txt");
        try {
            Process child = builder.command(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!child.waitFor(60, TimeUnit.SECONDS)) {
                child.destroyForcibly();
                throw new IOException("the child JVM did not end: " + Files.readString(output, UTF_8));
            }
            return new Outcome(child.exitValue(), Files.readString(output, UTF_8));
        } finally {
            Files.delete(output);
        }
    }
}
