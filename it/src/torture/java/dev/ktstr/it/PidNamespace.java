package dev.ktstr.it;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A pid namespace with a {@code /proc} of its own, as of a container, for any number of processes. Needs root. */
final class PidNamespace implements AutoCloseable {
    private final Process unshare;
    private final long first;

    private PidNamespace(Process unshare, long first) {
        this.unshare = unshare;
        this.first = first;
    }

    /** It has the file systems that are mounted now. */
    static PidNamespace make() throws IOException {
        Commands.requireProgram("nsenter");
        Process unshare = Commands.start(List.of(
                "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", "echo ready; exec cat"));
        String line = unshare.inputReader().readLine();
        if (!"ready".equals(line)) {
            throw new IOException("no pid namespace could be made: " + line);
        }
        return new PidNamespace(
                unshare, unshare.children().findFirst().orElseThrow().pid());
    }

    /** A command line that runs another one in it, and ends as that does, also by the same signal. */
    List<String> inside(List<String> command) {
        List<String> all =
                new ArrayList<>(List.of("nsenter", "--target", Long.toString(first), "--pid", "--mount", "--wd", "--"));
        all.addAll(command);
        return all;
    }

    /** Ends its first process, and so whatever is left in it. */
    @Override
    public void close() throws IOException, InterruptedException {
        unshare.getOutputStream().close();
        unshare.waitFor();
    }
}
