package dev.ktstr.it;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One system call of an operation, as strace wrote it down.
 *
 * @param thread its number
 * @param nth among the calls of that name of that thread, from 1: what strace calls {@code when}
 * @param about paths and names in it, without what differs from one time to the next
 * @param result what is behind the equals sign
 */
record Call(String thread, String name, int nth, String about, String result) {
    private static final Pattern LINE = Pattern.compile("(?:([0-9]+) +)?([a-z0-9_]+)\\((.*)");
    private static final Pattern REST = Pattern.compile("(?:([0-9]+) +)?<\\.\\.\\. [a-z0-9_]+ resumed>(.*)");
    private static final Pattern LOCK = Pattern.compile("LOCK_[EXSHUN]+");
    private static final Pattern RESULT = Pattern.compile("\\) += ([^=]*)$");
    private static final Pattern PATHS = Pattern.compile("<(/[^>]*)>|\"((?:[^\"\\\\]|\\\\.)*)\"");

    /**
     * All calls in what strace wrote, in order.
     *
     * @param alone the only thread that was traced, where lines do not begin with one
     */
    static List<Call> parse(Stream<String> lines, String alone) {
        Map<String, Integer> counts = new HashMap<>();
        List<Call> calls = new ArrayList<>();
        Map<String, Integer> latest = new HashMap<>();
        lines.forEach(line -> {
            Matcher call = LINE.matcher(line);
            Matcher rest = REST.matcher(line); // of a call during which another thread had something to write down
            if (call.matches()) {
                String thread = Objects.requireNonNullElse(call.group(1), alone);
                String name = call.group(2);
                int nth = counts.merge(thread + " " + name, 1, Integer::sum);
                latest.put(thread, calls.size());
                calls.add(new Call(thread, name, nth, about(name, call.group(3)), result(call.group(3))));
            } else if (rest.matches()) {
                Integer begun = latest.get(Objects.requireNonNullElse(rest.group(1), alone));
                if (begun != null) { // else before strace was there
                    calls.set(begun, calls.get(begun).with(result(rest.group(2))));
                }
            } // else a signal, or an end
        });
        return calls;
    }

    private Call with(String itsResult) {
        return new Call(thread, name, nth, about, itsResult);
    }

    private static String result(String line) {
        Matcher result = RESULT.matcher(line);
        return result.find() ? result.group(1) : "?";
    }

    boolean isAbout(Ground ground) {
        return about.contains("/" + ground.directory().getFileName() + "/store");
    }

    /** Whether it is the same call of another run. */
    boolean isLike(Call other) {
        return name.equals(other.name) && nth == other.nth && about.equals(other.about);
    }

    boolean isInjected() {
        return result.endsWith("(INJECTED)");
    }

    boolean isGood() {
        return !result.startsWith("-1") && !result.startsWith("?");
    }

    /** Of what is read or written only the descriptor, and nothing of what comes back. */
    private static String about(String name, String arguments) {
        boolean hasData = name.matches("read|write|pread64|pwrite64|readlink|readlinkat|ioctl|getdents64");
        Matcher end = Pattern.compile("\\) += |, *<unfinished|<unfinished").matcher(arguments);
        Matcher paths = PATHS.matcher(end.find() ? arguments.substring(0, end.start()) : arguments);
        StringBuilder about = new StringBuilder();
        while (paths.find()) {
            if (paths.group(1) != null || !hasData) {
                about.append(about.isEmpty() ? "" : " ").append(paths.group());
            }
        }
        Matcher lock = LOCK.matcher(arguments);
        if (name.equals("flock") && lock.find()) {
            about.append(' ').append(lock.group());
        }
        return about.toString()
                .replaceAll(
                        "[0-9]+([.-])[0-9a-f]{8}(?![0-9a-f])", "N$1X") // a process, and what is different at every call
                .replaceAll("/fd/[0-9]+", "/fd/N")
                .replaceAll("[0-9]{3,}", "N");
    }

    @Override
    public String toString() {
        return name + " " + nth + " " + about;
    }
}
