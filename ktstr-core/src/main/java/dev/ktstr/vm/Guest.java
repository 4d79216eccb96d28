package dev.ktstr.vm;

import dev.ktstr.Environment;
import dev.ktstr.os.Closer;
import dev.ktstr.os.Fd;
import dev.ktstr.os.OsException;
import dev.ktstr.os.Pipe;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What comes out of a guest, and the conversation with its first process ({@code init.sh}). That is one of lines:
 *
 * <pre>
 * guest   ready        the command begins
 * guest   exit 42      it has ended, and so has everything else that ran
 * host    a mark       random, and unknown until now: so nothing can have printed it before
 *         the guest writes the mark to both outputs; when it has come through, they are complete
 * host    bye
 *         the guest powers off
 * </pre>
 *
 * <p>Safe for use by several threads.
 */
final class Guest implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final int LONGEST_LINE = 100;
    private static final String EXIT = "exit ";

    private final Environment environment;
    private final Pipe consolePipe;
    private final Pipe stdoutPipe;
    private final Pipe stderrPipe;
    private final Console console = new Console();
    private final Collector stdout = new Collector();
    private final Collector stderr = new Collector();
    private final Collector errorsOfQemu = new Collector();
    private final List<Thread> pipeReaders = new ArrayList<>();
    private final List<Thread> otherReaders = new ArrayList<>();

    private volatile boolean commandBegan;
    private volatile boolean done;
    private volatile int exitCode = VmResult.NO_EXIT_CODE;
    private volatile @Nullable Throwable failure;

    private Guest(Environment environment, Pipe consolePipe, Pipe stdoutPipe, Pipe stderrPipe) {
        this.environment = environment;
        this.consolePipe = consolePipe;
        this.stdoutPipe = stdoutPipe;
        this.stderrPipe = stderrPipe;
    }

    static Guest create(Environment environment) throws IOException {
        try (Closer closer = new Closer()) {
            Pipe console = Pipe.create();
            closer.add(console::close);
            Pipe stdout = Pipe.create();
            closer.add(stdout::close);
            Guest guest = new Guest(environment, console, stdout, Pipe.create());
            closer.keep();
            return guest;
        }
    }

    Console console() {
        return console;
    }

    Collector stdout() {
        return stdout;
    }

    Collector stderr() {
        return stderr;
    }

    /** What QEMU itself complained about. */
    String errorsOfQemu() {
        return new String(errorsOfQemu.bytes(), StandardCharsets.UTF_8).strip();
    }

    boolean commandBegan() {
        return commandBegan;
    }

    /** Whether the command has ended and all that it printed has come. */
    boolean isDone() {
        return done;
    }

    /** Of the command; -1 as long as it has not ended. */
    int exitCode() {
        return exitCode;
    }

    /** Whether the command printed more than is kept. */
    boolean hasOverflowed() {
        return stdout.hasOverflowed() || stderr.hasOverflowed();
    }

    /** Whether nothing will come of it any more: a panic, or what starts the kernel or the command cannot. */
    boolean hasGivenUp() {
        boolean beforeTheCommand = console.hasHalted() || console.initProblem().isPresent();
        return console.panic().isPresent() || (beforeTheCommand && !commandBegan);
    }

    /** Why nobody listens any more; null while all is well. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Where QEMU is to write what it gets from the guest. */
    Path consolePath() throws IOException {
        return path(consolePipe);
    }

    Path stdoutPath() throws IOException {
        return path(stdoutPipe);
    }

    Path stderrPath() throws IOException {
        return path(stderrPipe);
    }

    private static Path path(Pipe pipe) throws IOException {
        return Launcher.procPath(pipe.sink());
    }

    /** Begins to listen. */
    void listenTo(Process qemu) {
        read("console", consolePipe.source(), console::add);
        read("stdout", stdoutPipe.source(), stdout::add);
        read("stderr", stderrPipe.source(), stderr::add);
        otherReaders.add(thread("errors", () -> drain(qemu.getErrorStream())));
        otherReaders.add(thread("control", () -> converse(qemu.getInputStream(), qemu.getOutputStream())));
        pipeReaders.forEach(Thread::start);
        otherReaders.forEach(Thread::start);
    }

    private void read(String name, Fd source, ObjIntConsumer<byte[]> sink) {
        pipeReaders.add(thread(name, () -> {
            byte[] buffer = new byte[BUFFER];
            int count;
            while ((count = source.read(buffer)) > 0) {
                sink.accept(buffer, count);
            }
        }));
    }

    private void drain(InputStream errors) throws IOException {
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = errors.read(buffer)) >= 0) {
            errorsOfQemu.add(buffer, count);
        }
    }

    private void converse(InputStream from, OutputStream to) throws IOException, InterruptedException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(from, StandardCharsets.US_ASCII));
        String line;
        while ((line = lines.readLine()) != null) {
            if (line.equals("ready")) {
                commandBegan = true;
            } else if (line.startsWith(EXIT) && line.length() < LONGEST_LINE) {
                exitCode = Integer.parseInt(line.substring(EXIT.length()));
                String mark = environment.randomSuffix() + environment.randomSuffix() + environment.randomSuffix();
                say(mark, to);
                byte[] bytes = mark.getBytes(StandardCharsets.US_ASCII);
                if (stdout.awaitMark(bytes) && stderr.awaitMark(bytes)) {
                    done = true;
                    say("bye", to);
                }
            }
        }
    }

    private static void say(String line, OutputStream to) throws IOException {
        to.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        to.flush();
    }

    /** What may fail in a reader: mostly because QEMU ends in the middle of it. */
    private interface Reading {
        void run() throws IOException, InterruptedException;
    }

    private Thread thread(String name, Reading reading) {
        Thread thread = new Thread(
                () -> {
                    try {
                        reading.run();
                    } catch (IOException | InterruptedException | NumberFormatException broken) {
                        // There is nothing more to be had from it, and what that means shows when QEMU has ended.
                        return;
                    } catch (RuntimeException | Error unexpected) { // QEMU would wait for ever to be read
                        failure = unexpected;
                    }
                },
                "ktstr-vm-" + name);
        thread.setDaemon(true);
        return thread;
    }

    /** Takes in what is still in the pipes. To be called when QEMU has ended, which has them open, too. */
    void hangUp() throws OsException, InterruptedException {
        for (Pipe pipe : List.of(consolePipe, stdoutPipe, stderrPipe)) {
            pipe.sink().close();
        }
        for (Thread reader : pipeReaders) {
            reader.join();
        }
        console.end();
        stdout.end(); // whoever still waits for a mark waits in vain
        stderr.end();
        for (Thread reader : otherReaders) {
            reader.join();
        }
    }

    @Override
    public void close() throws OsException {
        try (Pipe one = consolePipe;
                Pipe other = stdoutPipe) {
            stderrPipe.close();
        }
    }
}
