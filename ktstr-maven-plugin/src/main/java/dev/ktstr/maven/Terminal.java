package dev.ktstr.maven;

import dev.ktstr.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process writes to. */
final class Terminal {
    static final int OUTPUT = 1;
    static final int ERRORS = 2;

    private Terminal() {}

    /**
     * Whether what is written to a descriptor goes to a terminal that understands more than lines. Not by {@link
     * System#console()}, which asks for one to read from, too, and from Java 22 on is there in a pipe.
     */
    static boolean isAt(int descriptor, Environment environment) {
        try {
            return !environment.variable("TERM").orElse("dumb").equals("dumb")
                    && isName(Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                            .toString());
        } catch (IOException unknown) {
            return false;
        }
    }

    static boolean isName(String device) {
        return device.matches("/dev/(pts/.+|tty.*|console)");
    }
}
