package dev.ktstr.vm;

import dev.ktstr.Printable;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the guest's kernel said, line by line, while it says it. Safe for use by several threads. */
final class Console {
    /** How a line of the kernel's log begins: with the time, and what else it is told to print there. */
    private static final String LOGGED = "^(?:\\[[^]]*\\]\\s*)*";

    /** What our init has to say before it gives up; see {@code init.sh}. */
    private static final Pattern INIT = Pattern.compile(LOGGED + "ktstr-init: (.*)");

    /** The kernel's own words, linux/kernel/panic.c. */
    private static final Pattern PANIC = Pattern.compile(LOGGED + "(Kernel panic - not syncing: .*)");

    /** What a kernel begins with, linux/init/version.c. */
    private static final String BANNER = "Linux version ";

    /** linux/arch/x86/boot/compressed/error.c. */
    private static final String HALTED = "-- System halted";

    /** linux/mm/oom_kill.c; what the panic says is a kind of it. */
    private static final Pattern OUT_OF_MEMORY = Pattern.compile(
            "Out of memory: Killed process|System is deadlocked on memory|Out of memory and no killable");

    private static final int MOST_BYTES = 8 << 20;
    private static final int LONGEST_LINE = 1 << 16;
    private static final int TAIL_LINES = 30;

    /** For {@link #next}: a reader that never comes must not cost the heap. */
    private static final int MOST_WAITING = 100_000;

    private final Deque<String> lines = new ArrayDeque<>();
    private final BlockingQueue<String> fresh = new LinkedBlockingQueue<>(MOST_WAITING);
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long bytes;
    private Optional<String> initProblem = Optional.empty();
    private boolean began;
    private boolean halted;
    private Optional<String> panic = Optional.empty();
    private boolean outOfMemory;

    synchronized void add(byte[] chunk, int count) {
        for (int i = 0; i < count; i++) {
            if (chunk[i] == '\n' || line.size() == LONGEST_LINE) {
                endLine();
            }
            if (chunk[i] != '\n' && chunk[i] != '\r') {
                line.write(chunk[i]);
            }
        }
    }

    /** Nothing more will come. */
    synchronized void end() {
        if (line.size() > 0) {
            endLine();
        }
    }

    private void endLine() {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        lines.add(text);
        bytes += text.length() + 1L;
        while (bytes > MOST_BYTES) {
            bytes -= lines.remove().length() + 1L;
        }
        while (!fresh.offer(text)) {
            fresh.poll();
        }
        Matcher found = PANIC.matcher(text);
        if (panic.isEmpty() && found.find()) {
            panic = Optional.of(found.group(1));
        }
        began |= text.contains(BANNER);
        halted |= !began && text.contains(HALTED);
        Matcher init = INIT.matcher(text);
        if (initProblem.isEmpty() && init.find()) {
            initProblem = Optional.of(init.group(1));
        }
        outOfMemory |= OUT_OF_MEMORY.matcher(text).find();
    }

    /** The next line that nobody has asked for yet; empty if none has come in that time. */
    Optional<String> next(Duration timeout) throws InterruptedException {
        return Optional.ofNullable(fresh.poll(timeout.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Whether the kernel itself has said something, and not only what unpacks it. */
    synchronized boolean kernelBegan() {
        return began;
    }

    /** Whether what unpacks the kernel has given up. */
    synchronized boolean hasHalted() {
        return halted;
    }

    synchronized Optional<String> panic() {
        return panic;
    }

    synchronized boolean ranOutOfMemory() {
        return outOfMemory;
    }

    /** What our init could not go on without. */
    synchronized Optional<String> initProblem() {
        return initProblem;
    }

    synchronized Optional<String> firstLineWith(String text) {
        return lines.stream().filter(each -> each.contains(text)).findFirst();
    }

    synchronized String text() {
        String rest = line.size() == 0 ? "" : line.toString(StandardCharsets.UTF_8);
        return lines.stream().map(each -> each + "\n").collect(Collectors.joining()) + rest;
    }

    /** Its last lines, as the end of a message. */
    String quotedTail() {
        return quoted("the console", text());
    }

    /** The last lines of something that was printed, as a part of a message; nothing if it was nothing. */
    static String quoted(String what, String text) {
        String[] all = text.stripTrailing().split("\n", -1);
        if (text.isBlank()) {
            return "";
        }
        int from = Math.max(0, all.length - TAIL_LINES);
        StringBuilder message = new StringBuilder("\n  ").append(what);
        message.append(from == 0 ? ":" : ", the last " + TAIL_LINES + " of " + all.length + " lines:");
        for (int i = from; i < all.length; i++) {
            message.append("\n    ").append(Printable.text(all[i]));
        }
        return message.toString();
    }
}
