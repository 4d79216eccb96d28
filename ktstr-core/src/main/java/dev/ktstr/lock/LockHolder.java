package dev.ktstr.lock;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A process that holds a lock, as {@code /proc/locks} shows it. It is the process that took the lock; a child that
 * inherited the descriptor may be the one that still has it.
 *
 * @param pid in this process's pid namespace
 * @param command its command line, cut to 100 characters
 */
public record LockHolder(long pid, String command, FlockMode mode) {
    /** One line per holder, for messages. */
    public static String describe(List<LockHolder> holders) {
        if (holders.isEmpty()) {
            return "<none visible: the holder has ended, or is in another pid namespace>";
        }
        return holders.stream()
                .map(holder -> "  pid=" + holder.pid + " cmd=" + holder.command)
                .collect(Collectors.joining("\n"));
    }
}
