package dev.ktstr.maven.build;

import dev.ktstr.Environment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The process group of a make: a shell in front, make and all that it starts, and a watcher. The watcher reads a pipe whose other
 * end only this JVM has. When that is closed, by us or by the end of this JVM, however it ends, the watcher kills the group:
 * no signal has to arrive anywhere for that, which somebody may have had ignored.
 */
final class MakeGroup {
    /** What a shell runs as the leader of a group of its own. */
    static final String SHELL = """
            exec 3<&0 </dev/null
            (read -r nothing; kill -KILL 0) <&3 >/dev/null 2>&1 &
            "$@" 3<&- &
            wait $!
            """;

    private static final Duration GONE_BY_THEN = Duration.ofSeconds(10);

    /** So long the watcher has; after that we go through the group ourselves. */
    private static final Duration WATCHER = Duration.ofMillis(200);

    private static final long PAUSE_MILLIS = 5;

    private final Process shell;
    private final Environment environment;

    MakeGroup(Process shell, Environment environment) {
        this.shell = shell;
        this.environment = environment;
    }

    /**
     * Kills whatever is left of it, and waits until nothing is. An interrupt does not keep it from that; the thread is
     * interrupted again afterwards.
     */
    void end() {
        boolean interrupted = Thread.interrupted();
        closePipe();
        long start = environment.nanoTime();
        List<ProcessHandle> left = members();
        while (!left.isEmpty() && environment.nanoTime() - start < GONE_BY_THEN.toNanos()) {
            if (environment.nanoTime() - start > WATCHER.toNanos()) {
                left.forEach(ProcessHandle::destroyForcibly);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (InterruptedException again) {
                interrupted = true;
            }
            left = members();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closePipe() {
        try {
            shell.getOutputStream().close();
        } catch (IOException closed) {
            return; // the shell has ended, and with it this end of the pipe
        }
    }

    /** Those of its processes that run still. */
    private List<ProcessHandle> members() {
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                if (isMember(process)) {
                    ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
                            .ifPresent(found::add);
                }
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            return shell.isAlive() ? List.of(shell.toHandle()) : List.of();
        }
        return found;
    }

    private boolean isMember(Path process) {
        try {
            String stat = new String(Files.readAllBytes(process.resolve("stat")), StandardCharsets.ISO_8859_1);
            // 4711 (name) S 1 4710 ...: after the name, which may have anything in it, state, parent and group
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 4);
            return fields[2].equals(Long.toString(shell.pid())) && !fields[0].equals("Z") && !fields[0].equals("X");
        } catch (IOException gone) {
            return false;
        }
    }
}
