package dev.ktstr.vm;

import dev.ktstr.Durations;
import dev.ktstr.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * How a run in a virtual machine ended, and what was printed. The command had begun, unless the time was up before. Immutable.
 */
public final class VmResult {
    /** What there is when the command's own end was not seen. */
    static final int NO_EXIT_CODE = -1;

    /** By SIGKILL, as {@link Process#exitValue} has it. */
    private static final int KILLED = 128 + 9;

    /** Why the machine stopped. */
    enum End {
        COMMAND_ENDED,
        TIMED_OUT,
        PANICKED,
        /** The guest powered off or restarted, QEMU ended, or the machine was closed. */
        STOPPED
    }

    private final End end;
    private final int exitCode;
    private final byte[] stdout;
    private final byte[] stderr;
    private final Console console;
    private final Duration duration;
    private final Accelerator accelerator;
    private final String trouble;

    /** @param statusOfQemu 0 if it ended as it should, or was ended by us */
    VmResult(End end, Guest guest, Duration duration, Accelerator accelerator, int statusOfQemu) {
        this.end = end;
        this.exitCode = end == End.COMMAND_ENDED ? guest.exitCode() : NO_EXIT_CODE;
        this.stdout = guest.stdout().bytes();
        this.stderr = guest.stderr().bytes();
        this.console = guest.console();
        this.duration = duration;
        this.accelerator = accelerator;
        this.trouble = end == End.STOPPED && statusOfQemu != 0
                ? " (QEMU: status " + statusOfQemu
                        + (statusOfQemu == KILLED ? ", killed: was this machine out of memory?" : "")
                        + (guest.errorsOfQemu().isEmpty() ? "" : ", " + guest.errorsOfQemu()) + ")"
                : "";
    }

    /** The command's exit status; 128 + n if signal n ended it; -1 if the machine stopped before the command did. */
    public int exitCode() {
        return exitCode;
    }

    /** What the command wrote to its standard output, read as UTF-8. */
    public String stdout() {
        return new String(stdout, StandardCharsets.UTF_8);
    }

    /** What the command wrote to its standard output, byte for byte. */
    public byte[] stdoutBytes() {
        return stdout.clone();
    }

    /** What the command wrote to its standard error, read as UTF-8. */
    public String stderr() {
        return new String(stderr, StandardCharsets.UTF_8);
    }

    /** What the kernel wrote to its console, the last 8 MiB of it, with line feeds only. */
    public String console() {
        return console.text();
    }

    public boolean timedOut() {
        return end == End.TIMED_OUT;
    }

    /** Whether the kernel panicked. */
    public boolean panicked() {
        return end == End.PANICKED;
    }

    /** From the start of QEMU to its end. */
    public Duration duration() {
        return duration;
    }

    /** What it ran under: {@link Accelerator#KVM} or {@link Accelerator#TCG}. */
    public Accelerator accelerator() {
        return accelerator;
    }

    /**
     * Requires that the command ended with status 0.
     *
     * @return this
     * @throws VmException if it did not, with how it ended, the last lines of its standard error and, if it was cut short, of the console
     */
    public VmResult expectSuccess() throws VmException {
        if (exitCode == 0) {
            return this;
        }
        throw new VmException(
                end == End.TIMED_OUT
                        ? ErrorCode.VM_TIMEOUT
                        : end == End.PANICKED ? ErrorCode.GUEST_PANIC : ErrorCode.GUEST_COMMAND,
                "running a command in a virtual machine: " + this + Console.quoted("its standard output", stdout())
                        + Console.quoted("its standard error", stderr())
                        + (end == End.COMMAND_ENDED ? "" : console.quotedTail()),
                null,
                end == End.TIMED_OUT
                        ? "give it more time (timeout), or see in the console what it was waiting for"
                        : "see what it printed, above");
    }

    /** How it ended, in one line. */
    @Override
    public String toString() {
        String how = switch (end) {
            case COMMAND_ENDED -> "exit status " + exitCode;
            case TIMED_OUT -> "it was not done in time, and was stopped";
            case PANICKED -> console.panic().orElse("the kernel panicked");
            case STOPPED -> "the machine stopped before the command ended" + trouble;
        };
        return how + (console.ranOutOfMemory() ? " (the guest ran out of memory)" : "") + ", after "
                + Durations.format(duration) + " under " + accelerator.name();
    }
}
