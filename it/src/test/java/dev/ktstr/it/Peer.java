package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A program in C on the same store, which does what the original does and shares no code with us: {@code peer.c}. */
record Peer(Path program, MarkedKernel kernel) {
    /** Compiles it in a directory. */
    static Peer compile(Path directory, MarkedKernel kernel) throws IOException, InterruptedException {
        Path program = directory.resolve("peer");
        compile("gcc", "peer.c", program, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror");
        return new Peer(program, kernel);
    }

    static void compile(String compiler, String source, Path target, String... options)
            throws IOException, InterruptedException {
        Commands.requireProgram(compiler);
        List<String> command = new ArrayList<>(List.of(compiler));
        Collections.addAll(command, options);
        Path file = Path.of(System.getProperty("basedir", "."), "src/test/c", source);
        command.addAll(List.of("-o", target.toString(), file.toString()));
        Commands.run(command.toArray(String[]::new));
    }

    /** The command line of one of its commands on a store. */
    List<String> command(String name, Path root, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                kernel.imageTemplate().toString(),
                kernel.vmlinuxTemplate().toString(),
                name,
                root.toString()));
        Collections.addAll(command, arguments);
        return command;
    }

    /** Runs one of its commands to a good end; what it printed, without the line break. */
    String run(String name, Path root, String... arguments) throws IOException, InterruptedException {
        return Commands.run(command(name, root, arguments).toArray(String[]::new))
                .strip();
    }
}
