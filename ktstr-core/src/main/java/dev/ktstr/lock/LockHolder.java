package dev.ktstr.lock;

import dev.ktstr.Printable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A process that holds a lock: what {@code /proc/locks} shows of it, together with what it says of itself in a record.
 * It is the process that took the lock; a child that inherited the descriptor may be the one that still has it. What
 * comes from a record anybody may have written, and it is null where there is none.
 *
 * @param pid in this process's pid namespace, unless {@code pidNamespace} is another
 * @param command its command line, cut to 100 characters
 * @param since when it got the lock
 * @param test what it holds the lock for
 * @param host its host name, which may be this one's
 * @param container the id of its container
 * @param pidNamespace the inode of the pid namespace that {@code pid} belongs to, where it is not this process's own
 */
public record LockHolder(
        long pid,
        String command,
        FlockMode mode,
        @Nullable Instant since,
        @Nullable String test,
        @Nullable String host,
        @Nullable String container,
        @Nullable Long pidNamespace) {
    private static final int LONG_ID = 64;
    private static final int SHORT_ID = 12;

    /** One of which only {@code /proc/locks} tells. */
    public LockHolder(long pid, String command, FlockMode mode) {
        this(pid, command, mode, null, null, null, null, null);
    }

    /**
     * One line per holder, for messages: {@code pid=<n> cmd=<text>}, then what else is known and not the same here.
     *
     * @param clock says how long ago something was
     */
    public static String describe(List<LockHolder> holders, Clock clock) {
        if (holders.isEmpty()) {
            return "<none visible: the holder has ended, or is in another pid namespace and left no record>";
        }
        Instant now = clock.instant();
        return holders.stream().map(holder -> "  " + holder.line(now)).collect(Collectors.joining("\n"));
    }

    private String line(Instant now) {
        ThisProcess here = ThisProcess.here();
        boolean isElsewhere = pidNamespace != null;
        StringBuilder line = new StringBuilder("pid=" + pid + " cmd=" + Printable.text(command));
        if (since != null) {
            line.append(", since ")
                    .append(since.truncatedTo(ChronoUnit.SECONDS))
                    .append(age(since, now));
        }
        if (test != null) {
            line.append(", test ").append(Printable.text(test));
        }
        if (isElsewhere) {
            line.append(", pid namespace ").append(pidNamespace);
        }
        if (container != null && !container.equals(here.container())) {
            line.append(", container ").append(Printable.text(shortId(container)));
        }
        if (host != null && (isElsewhere || !host.equals(here.host()))) {
            line.append(", host ").append(Printable.text(host));
        }
        return line.toString();
    }

    /** As Docker and others print it. */
    private static String shortId(String container) {
        return container.length() == LONG_ID ? container.substring(0, SHORT_ID) : container;
    }

    /** In one unit, that is enough; nothing for what is yet to come: somebody's clock is wrong. */
    private static String age(Instant since, Instant now) {
        long seconds = Duration.between(since, now).toSeconds();
        if (seconds < 0) {
            return "";
        }
        String age = seconds < 60
                ? seconds + "s"
                : seconds < 3600
                        ? seconds / 60 + "m"
                        : seconds < 86_400 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
        return " (" + age + " ago)";
    }
}
