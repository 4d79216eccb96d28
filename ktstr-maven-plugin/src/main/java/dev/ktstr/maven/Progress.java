package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.Environment;
import dev.ktstr.maven.packages.Meter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Says how far long work is: to somebody who watches, in one line that changes; to a log, now and then. Safe for use by
 * several threads.
 */
final class Progress implements Meter, AutoCloseable {
    /** To whom. */
    enum Style {
        NONE,
        LINES,
        MOVING
    }

    private static final long BETWEEN_LINES = Duration.ofSeconds(5).toNanos();

    /** Of work that takes minutes or hours. */
    private static final long BETWEEN_STEPS = Duration.ofSeconds(30).toNanos();

    private static final long BETWEEN_MOVES = Duration.ofMillis(100).toNanos();
    private static final int PERCENT_BETWEEN_LINES = 10;

    /** A line that is wrapped cannot be cleared. */
    private static final int WIDTH = 79;

    private static final String CLEAR = "\r\u001b[K";

    private final Style style;
    private final Consumer<String> log;
    private final OutputStream terminal;
    private final LongSupplier nanos;
    private long last;
    private String lastWhat = "";
    private int lastPercent;
    private boolean shown;

    Progress(Style style, Consumer<String> log, OutputStream terminal, LongSupplier nanos) {
        this.style = style;
        this.log = log;
        this.terminal = terminal;
        this.nanos = nanos;
        this.last = nanos.getAsLong();
    }

    /**
     * For this process.
     *
     * @param wanted false for none at all
     * @param interactive false if Maven runs in batch mode
     */
    static Progress of(boolean wanted, boolean interactive, Consumer<String> log) {
        Environment environment = Environment.system();
        Style style = !wanted
                ? Style.NONE
                : interactive && Terminal.isAt(Terminal.ERRORS, environment) ? Style.MOVING : Style.LINES;
        // Not System.err: Maven 4 puts its own in that place, which takes such a line for many.
        return new Progress(style, log, new FileOutputStream(FileDescriptor.err), environment::nanoTime);
    }

    @Override
    public synchronized void at(String what, long done, long total) {
        if (style == Style.NONE) {
            return;
        }
        long now = nanos.getAsLong();
        if (now - last < (style == Style.MOVING ? BETWEEN_MOVES : BETWEEN_LINES)) {
            return;
        }
        int percent = total <= 0 ? 0 : (int) (Math.min(done, total) * 100 / total);
        String amount = total <= 0 ? ByteSizes.format(done) : percent + " % of " + ByteSizes.format(total);
        if (style == Style.MOVING) {
            write(CLEAR + cut("unpacking " + what, WIDTH - 2 - amount.length()) + ": " + amount);
            shown = true;
        } else if (total <= 0 || !what.equals(lastWhat) || percent - lastPercent >= PERCENT_BETWEEN_LINES) {
            log.accept("unpacking " + what + ": " + amount);
        } else {
            return;
        }
        last = now;
        lastWhat = what;
        lastPercent = percent;
    }

    /**
     * Says which step of many work that knows no total is at.
     *
     * @param amount how far it is
     */
    synchronized void making(String step, String amount) {
        long now = nanos.getAsLong();
        if (style == Style.NONE || now - last < (style == Style.MOVING ? BETWEEN_MOVES : BETWEEN_STEPS)) {
            return;
        }
        if (style == Style.MOVING) {
            write(CLEAR + amount + ": " + cut(step, WIDTH - 2 - amount.length()));
            shown = true;
        } else {
            log.accept("building: " + amount + ", now " + step);
        }
        last = now;
    }

    /** Takes the moving line away, so that something else can be printed. */
    synchronized void clear() {
        if (shown) {
            write(CLEAR);
            shown = false;
        }
    }

    @Override
    public void close() {
        clear();
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length - 3) + "...";
    }

    private void write(String text) {
        try {
            terminal.write(text.getBytes(StandardCharsets.UTF_8));
            terminal.flush();
        } catch (IOException closed) {
            // The terminal is gone. The work is not.
            shown = false;
        }
    }
}
