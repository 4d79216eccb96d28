package dev.ktstr.it;

import java.util.List;

/** JVMs as users start them. */
final class UserJvm {
    /** What lets the JVMs of tests start sooner, and run slower then. */
    private static final String ONLY_FIRST_COMPILER = "-XX:TieredStopAtLevel=1";

    private UserJvm() {}

    /** The command line that runs a main class of these tests, or of the benchmarks. */
    static List<String> command(Class<?> main, List<String> options, String... arguments) {
        List<String> command = Commands.jvm(main, arguments);
        if (!command.remove(ONLY_FIRST_COMPILER)) {
            throw new IllegalStateException("there is no " + ONLY_FIRST_COMPILER + " in " + command);
        }
        command.addAll(1, options);
        return command;
    }
}
