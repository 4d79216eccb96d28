package dev.ktstr.lock;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What {@code /proc} says of processes; each is asked once. Not for several threads. */
final class Processes {
    static final String NO_COMMAND = "<cmdline unavailable>";
    private static final int COMMAND_LENGTH = 100;
    private static final Pattern NAMESPACE = Pattern.compile("pid:\\[([0-9]{1,18})]");
    private static final Pattern PIDS = Pattern.compile("(?m)^NSpid:((?:\\s+[0-9]{1,10})+)$");

    private final Map<Long, String> commands = new HashMap<>();
    private final Map<Long, Optional<Long>> namespaces = new HashMap<>();
    private final Map<Long, List<Long>> pids = new HashMap<>();

    /** The command line, NULs as spaces, cut to 100 characters. */
    String command(long pid) {
        return commands.computeIfAbsent(pid, Processes::readCommand);
    }

    /**
     * Whether a process is the one that calls itself {@code innerPid} in a pid namespace. It has a number in each
     * namespace from that of our {@code /proc} down to its own.
     */
    boolean isCalled(long pid, long innerPid, long namespace, @Nullable String innerCommand) {
        if (!pids.computeIfAbsent(pid, Processes::readPids).contains(innerPid)) {
            return false;
        }
        Optional<Long> own =
                namespaces.computeIfAbsent(pid, absent -> namespace(Path.of("/proc", Long.toString(absent))));
        // The namespace of another user's process is hidden from us; then the command has to do.
        return own.isPresent() ? own.get() == namespace : command(pid).equals(innerCommand);
    }

    /** The pid namespace of a process, by its inode; empty if it may not be seen. */
    static Optional<Long> namespace(Path process) {
        try {
            Matcher link = NAMESPACE.matcher(
                    Files.readSymbolicLink(process.resolve("ns/pid")).toString());
            return link.matches() ? Optional.of(Long.parseLong(link.group(1))) : Optional.empty();
        } catch (IOException hidden) {
            return Optional.empty();
        }
    }

    static String readCommand(long pid) {
        byte[] raw;
        try {
            raw = Files.readAllBytes(Path.of("/proc", Long.toString(pid), "cmdline"));
        } catch (IOException ended) {
            return NO_COMMAND;
        }
        String text = new String(raw, StandardCharsets.UTF_8).replace('\0', ' ').stripTrailing();
        return text.isEmpty() ? NO_COMMAND : cut(text, COMMAND_LENGTH); // a kernel thread, or a zombie
    }

    /** At most so many characters, and an ellipsis in place of the others. */
    static String cut(String text, int length) {
        return text.codePointCount(0, text.length()) <= length
                ? text
                : text.substring(0, text.offsetByCodePoints(0, length)) + "…";
    }

    private static List<Long> readPids(long pid) {
        try {
            Matcher line = PIDS.matcher(
                    Files.readString(Path.of("/proc", Long.toString(pid), "status"), StandardCharsets.ISO_8859_1));
            return line.find()
                    ? Arrays.stream(line.group(1).strip().split("\\s+", -1))
                            .map(Long::valueOf)
                            .toList()
                    : List.of();
        } catch (IOException ended) {
            return List.of();
        }
    }
}
