package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** Somebody who may write where we do, and means harm: {@code nobody}. */
final class OtherUser {
    private static final int NOBODY = 65534;

    private OtherUser() {}

    /** What runs a program as that user. */
    static List<String> command(String... program) {
        List<String> command = new ArrayList<>(List.of(
                "setpriv", "--reuid", String.valueOf(NOBODY), "--regid", String.valueOf(NOBODY), "--clear-groups"));
        Collections.addAll(command, program);
        return command;
    }

    /** A symbolic link of theirs. */
    static Path link(Path at, Path to) throws IOException {
        return owned(Files.createSymbolicLink(at, to));
    }

    /** A pipe of theirs. */
    static Path pipe(Path at) throws IOException, InterruptedException {
        Commands.run("mkfifo", "-m", "666", at.toString());
        return owned(at);
    }

    /** Gives them something, with all that is in it. */
    static Path owned(Path top) throws IOException {
        try (Stream<Path> all = Files.walk(top)) {
            for (Path each : all.toList()) {
                Files.setAttribute(each, "unix:uid", NOBODY, LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(each, "unix:gid", NOBODY, LinkOption.NOFOLLOW_LINKS);
            }
        }
        return top;
    }
}
