package dev.ktstr.lock;

import dev.ktstr.Environment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who we are, as another process on this machine or in another container can understand it; null where unknown.
 *
 * @param bootId tells machines apart, and one machine before and after a restart; containers of one machine share it
 * @param pidNamespace its inode: what {@code pid} means depends on it
 * @param pid as {@code /proc} calls us, which is where holders are looked up; in a pid namespace with somebody else's
 *     {@code /proc} it is another one than {@code getpid} has
 */
record ThisProcess(
        @Nullable String host,
        @Nullable String bootId,
        @Nullable Long pidNamespace,
        @Nullable String container,
        @Nullable Long pid,
        @Nullable String command) {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");
    private static final Pattern LONG_ID = Pattern.compile("(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])");
    private static final Pattern SHORT_ID = Pattern.compile("[0-9a-f]{12}");

    /** What Docker, Podman and containerd mount into a container from a directory that is named by its id. */
    private static final Pattern MOUNTED =
            Pattern.compile("(?m)^\\S+ \\S+ \\S+ (\\S+) /etc/(?:hostname|hosts|resolv\\.conf) ");

    /** Read once per process: none of it changes. */
    static ThisProcess here() {
        return Environment.system().remembered(ThisProcess.class, () -> read(Path.of("/")));
    }

    /** @param root where {@code /proc} and the rest is */
    static ThisProcess read(Path root) {
        Path proc = root.resolve("proc");
        String host = text(proc.resolve("sys/kernel/hostname"));
        Long pid = pid(proc.resolve("self"));
        return new ThisProcess(
                host,
                text(proc.resolve("sys/kernel/random/boot_id")),
                Processes.namespace(proc.resolve("self")).orElse(null),
                container(root, host),
                pid,
                pid == null ? null : Processes.readCommand(pid));
    }

    private static @Nullable Long pid(Path self) {
        try {
            String target = Files.readSymbolicLink(self).toString();
            return NUMBER.matcher(target).matches() ? Long.valueOf(target) : null;
        } catch (IOException noProc) {
            return null;
        }
    }

    private static @Nullable String container(Path root, @Nullable String host) {
        String id = lastId(text(root.resolve("proc/self/cgroup")));
        if (id == null) {
            Matcher mounted =
                    MOUNTED.matcher(Objects.requireNonNullElse(text(root.resolve("proc/self/mountinfo")), ""));
            while (id == null && mounted.find()) {
                id = lastId(mounted.group(1));
            }
        }
        if (id == null) {
            id = lastId(text(root.resolve("run/.containerenv"))); // Podman
        }
        boolean isNamedById = host != null && SHORT_ID.matcher(host).matches();
        return id == null && isNamedById && Files.exists(root.resolve(".dockerenv")) ? host : id;
    }

    /** The innermost, where one container is in another. */
    private static @Nullable String lastId(@Nullable String text) {
        Matcher id = LONG_ID.matcher(Objects.requireNonNullElse(text, ""));
        String last = null;
        while (id.find()) {
            last = id.group(1);
        }
        return last;
    }

    private static @Nullable String text(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
            return text.isEmpty() ? null : text;
        } catch (IOException absent) {
            return null;
        }
    }
}
