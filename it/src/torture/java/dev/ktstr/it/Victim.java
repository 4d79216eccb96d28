package dev.ktstr.it;

import dev.ktstr.publish.FileTrees;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process of {@link VictimMain}. */
final class Victim implements AutoCloseable {
    private static final int PATIENCE = 60;
    private static final int SIGKILLED = 128 + 9;
    private static final String END_OF_OUTPUT = "(end of output)";

    /** What the thread of an operation says before and after it. */
    static final String BEGUN = "begun";

    static final String DONE = "done";

    private final Process process;
    private final Path own;
    private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private String thread = "";

    private Victim(Process process, Path own) {
        this.process = process;
        this.own = own;
    }

    /**
     * Starts one, and does not wait until it is ready.
     *
     * @param number different for each on this ground
     */
    static Victim start(Ground ground, int number, Operation... operations) throws IOException {
        Path own = ground.directory().resolve("victim" + number);
        List<String> command = new ArrayList<>(Commands.jvm(
                VictimMain.class, ground.directory().toString(), ground.inputs().toString(), own.toString()));
        Stream.of(operations).map(Operation::name).forEach(command::add);
        command.addAll(1, List.of("-Xshare:auto", "-XX:+UseSerialGC", "-Xmx128m", "-XX:-UsePerfData"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("KTSTR_"));
        Victim victim = new Victim(builder.start(), own);
        Thread reader = new Thread(victim::read, "output of a victim");
        reader.setDaemon(true);
        reader.start();
        return victim;
    }

    private void read() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            in.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException closed) {
            lines.add(closed.toString());
        } finally {
            lines.add(END_OF_OUTPUT);
        }
    }

    void awaitReady() throws IOException, InterruptedException {
        expect("ready");
    }

    /** Has it start the thread for an operation. */
    void prepare(Operation operation) throws IOException, InterruptedException {
        tell(operation.name());
        thread = expect("thread ").substring("thread ".length());
    }

    /** The number of that thread, for strace. */
    String thread() {
        return thread;
    }

    void go() throws IOException {
        tell("go");
    }

    void awaitBegin() throws IOException, InterruptedException {
        expect(BEGUN);
    }

    /** Of one that has died: whether it had said before that the operation was over. */
    boolean hasDone() throws InterruptedException {
        String line;
        do {
            line = lines.poll(PATIENCE, TimeUnit.SECONDS);
        } while (line != null && !line.equals(END_OF_OUTPUT) && !line.equals(DONE));
        return DONE.equals(line);
    }

    /** Whether the operation is under way. */
    boolean isActing() {
        return process.isAlive() && Files.exists(Path.of("/proc/" + process.pid() + "/task/" + thread));
    }

    /**
     * Waits until the operation has ended, or the process.
     *
     * @return false if neither comes
     */
    boolean awaitEnd() throws InterruptedException {
        long start = System.nanoTime();
        while (isActing()) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(PATIENCE)) {
                return false;
            }
            TimeUnit.MICROSECONDS.sleep(500);
        }
        return true;
    }

    /** What came of the operation; only after it has ended. */
    Outcome outcome() throws IOException, InterruptedException {
        tell("and?");
        List<String> told = new ArrayList<>();
        Outcome.End end = Outcome.End.BUG;
        String text = "";
        for (String line = next(); !line.equals("end"); line = next()) {
            String word = line.replaceFirst(" .*", "");
            if (Stream.of(Outcome.End.values()).anyMatch(each -> each.name().equals(word))) {
                end = Outcome.End.valueOf(word);
                text = line.substring(word.length()).strip();
            } else if (!line.equals(BEGUN) && !line.equals(DONE)) {
                told.add(line);
            }
        }
        return new Outcome(end, text, told);
    }

    void kill() {
        process.destroyForcibly();
    }

    /** Whether it has died of SIGKILL, or does so now. */
    boolean isKilled() throws InterruptedException {
        return process.waitFor(1, TimeUnit.SECONDS) && process.exitValue() == SIGKILLED;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    private String expect(String beginning) throws IOException, InterruptedException {
        String line = next();
        if (!line.startsWith(beginning)) {
            throw new IOException("the victim does not say \"" + beginning + "\" but " + line + lines);
        }
        return line;
    }

    private String next() throws IOException, InterruptedException {
        String line = lines.poll(PATIENCE, TimeUnit.SECONDS);
        if (line == null || line.equals(END_OF_OUTPUT)) {
            throw new IOException(line == null ? "the victim says nothing" : "the victim has ended");
        }
        return line;
    }

    private void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroyForcibly().waitFor();
        FileTrees.delete(own);
    }
}
