package dev.ktstr.vm;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.os.Closer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A virtual machine that runs. Closing it, or the end of this process, ends it like a power failure, unless it has powered
 * off by itself. Safe for use by several threads.
 */
public final class RunningVm implements AutoCloseable {
    /** A kernel that works has said something long before, also under TCG on a busy machine. */
    private static final Duration SILENCE = Duration.ofSeconds(30);

    /** How long a panic may take to be printed, and a guest to power off when all is done. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private static final Duration TICK = Duration.ofMillis(50);

    private final Environment environment;
    private final Accelerator accelerator;
    private final Duration timeout;
    private final Guest guest;
    private final Closer.Resource held;
    private final long begin;
    private final CompletableFuture<Process> started = new CompletableFuture<>();
    private final CompletableFuture<Outcome> ended = new CompletableFuture<>();
    private volatile boolean closed;

    /** A result or a failure. */
    private interface Outcome {
        VmResult get() throws IOException;

        static Outcome failure(IOException failure) {
            return () -> {
                throw failure;
            };
        }
    }

    /** @param held what is closed when the machine has ended, whatever happens from here on */
    private RunningVm(
            Environment environment, Accelerator accelerator, Duration timeout, Guest guest, Closer.Resource held) {
        this.environment = environment;
        this.accelerator = accelerator;
        this.timeout = timeout;
        this.guest = guest;
        this.held = held;
        this.begin = environment.nanoTime();
    }

    /**
     * Starts QEMU.
     *
     * @param held what is closed when it has ended, also if it cannot be started
     */
    static RunningVm start(
            List<String> command,
            Environment environment,
            Accelerator accelerator,
            Duration timeout,
            Guest guest,
            Closer.Resource held)
            throws IOException {
        RunningVm vm = new RunningVm(environment, accelerator, timeout, guest, held);
        // QEMU is to die with the thread that starts it (PR_SET_PDEATHSIG, prctl(2)): so that one stays until QEMU has
        // ended.
        Thread supervisor = new Thread(() -> vm.supervise(command), "ktstr-vm-supervisor");
        supervisor.setDaemon(true);
        supervisor.start();
        CompletableFuture.anyOf(vm.started, vm.ended).join();
        if (!vm.started.isDone()) {
            vm.await();
        }
        return vm;
    }

    /** What it runs under: {@link Accelerator#KVM} or {@link Accelerator#TCG}. */
    public Accelerator accelerator() {
        return accelerator;
    }

    /** The process id of QEMU. */
    public long pid() {
        return started.join().pid();
    }

    public boolean isRunning() {
        return !ended.isDone();
    }

    /** All that the kernel has written to its console so far. */
    public String console() {
        return guest.console().text();
    }

    /** What the command has written to its standard output so far, read as UTF-8. */
    public String stdout() {
        return new String(guest.stdout().bytes(), StandardCharsets.UTF_8);
    }

    /** What the command has written to its standard error so far, read as UTF-8. */
    public String stderr() {
        return new String(guest.stderr().bytes(), StandardCharsets.UTF_8);
    }

    /**
     * The next line on the console that has not been asked for yet.
     *
     * @return empty if none has come in that time
     */
    public Optional<String> nextConsoleLine(Duration patience) throws InterruptedException {
        return guest.console().next(patience);
    }

    /**
     * Waits for a line on the console, passing over those before it.
     *
     * @return empty if it has not come in that time, or the machine has ended without it
     */
    public Optional<String> awaitConsoleLine(Predicate<String> wanted, Duration patience) throws InterruptedException {
        long deadline = environment.nanoTime() + patience.toNanos();
        while (true) {
            boolean isLast = !isRunning() || environment.nanoTime() - deadline >= 0;
            Optional<String> line = nextConsoleLine(isLast ? Duration.ZERO : TICK);
            if (line.filter(wanted).isPresent()) {
                return line;
            }
            if (line.isEmpty() && isLast) {
                return Optional.empty();
            }
        }
    }

    /**
     * Waits until the machine has ended.
     *
     * @return how the command ended; also if the kernel panicked, the time was up or the machine was closed
     * @throws VmException if the guest never came to run the command; not for a timeout
     * @throws InterruptedIOException if this thread is interrupted; the machine is closed then
     */
    public VmResult await() throws IOException {
        try {
            return ended.get().get();
        } catch (InterruptedException interrupted) {
            close();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a virtual machine was running; it was stopped");
        } catch (ExecutionException never) {
            throw new IllegalStateException("its failure is a result of its own", never);
        }
    }

    /** Ends the machine if it still runs, and waits until nothing of it is left. Closing again does nothing. */
    @Override
    public void close() {
        if (!ended.isDone()) {
            closed = true;
            kill(started.join()); // start() has waited for it
        }
        ended.join();
    }

    private void supervise(List<String> command) {
        Outcome outcome;
        try (held;
                guest) {
            outcome = watch(start(command));
        } catch (IOException failed) {
            outcome = Outcome.failure(failed);
        } catch (InterruptedException | RuntimeException | Error unexpected) { // whoever waits must hear of it
            outcome = Outcome.failure(new IOException("while a virtual machine was watched", unexpected));
        }
        ended.complete(outcome);
    }

    private static Process start(List<String> command) throws VmException {
        try {
            return new ProcessBuilder(command).start();
        } catch (IOException failed) {
            throw new VmException(
                    ErrorCode.QEMU_FAILED,
                    "starting a virtual machine: " + failed.getMessage(),
                    null,
                    "see whether that program can be run, and how many processes this user may have (ulimit -u)",
                    failed);
        }
    }

    private Outcome watch(Process qemu) throws IOException, InterruptedException {
        Ending ending;
        Duration duration;
        try {
            guest.listenTo(qemu);
            started.complete(qemu);
            ending = awaitEnd(qemu);
            duration = elapsed();
        } finally {
            kill(qemu);
            qemu.waitFor();
            guest.hangUp();
        }
        return outcome(ending, duration, qemu.exitValue());
    }

    /** Not by {@link Process#destroyForcibly}, which also closes the streams, with what has not been read yet. */
    private static void kill(Process qemu) {
        qemu.toHandle().destroyForcibly();
    }

    private enum Ending {
        ITSELF,
        TIMEOUT,
        SILENCE
    }

    /** Waits for QEMU to end by itself, or for a reason to end it. */
    private Ending awaitEnd(Process qemu) throws InterruptedException, IOException {
        while (!qemu.waitFor(TICK.toMillis(), TimeUnit.MILLISECONDS)) {
            Throwable failure = guest.failure();
            if (failure != null) {
                throw new IOException("while a virtual machine was read from", failure);
            }
            if (guest.hasOverflowed()) {
                return Ending.ITSELF;
            }
            if (guest.isDone() || guest.hasGivenUp()) {
                qemu.waitFor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
                return Ending.ITSELF;
            }
            if (elapsed().compareTo(timeout) > 0) {
                return Ending.TIMEOUT;
            }
            if (!guest.commandBegan()
                    && !guest.console().kernelBegan()
                    && elapsed().compareTo(SILENCE) > 0) {
                return Ending.SILENCE;
            }
        }
        return Ending.ITSELF;
    }

    private Outcome outcome(Ending ending, Duration duration, int status) {
        Diagnosis diagnosis = new Diagnosis(guest, accelerator);
        if (guest.hasOverflowed()) {
            return Outcome.failure(diagnosis.overflow());
        }
        boolean timedOut = ending == Ending.TIMEOUT && !guest.isDone();
        if (!guest.commandBegan() && !timedOut && !closed) {
            return Outcome.failure(ending == Ending.SILENCE ? diagnosis.silence(SILENCE) : diagnosis.noCommand());
        }
        VmResult result = new VmResult(end(timedOut), guest, duration, accelerator, closed ? 0 : status);
        return () -> result;
    }

    private VmResult.End end(boolean timedOut) {
        if (guest.isDone()) {
            return VmResult.End.COMMAND_ENDED;
        }
        if (guest.console().panic().isPresent()) {
            return VmResult.End.PANICKED;
        }
        return timedOut ? VmResult.End.TIMED_OUT : VmResult.End.STOPPED;
    }

    private Duration elapsed() {
        return Duration.ofNanos(environment.nanoTime() - begin);
    }
}
