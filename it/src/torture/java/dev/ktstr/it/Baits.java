package dev.ktstr.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Directories of another user's, in which everything has the name that a file of ours would have, and is none. */
final class Baits {
    private static final List<String> NAMES =
            List.of("bzImage", "vmlinux", "config", "metadata.json", "template.img", "lock");

    private Baits() {}

    /** A bait for one place. */
    interface Maker {
        Race.Bait in(PlantedPlace place);
    }

    /** Who opens one waits for ever. */
    static void pipes(Path at) throws Exception {
        Files.createDirectory(at);
        List<String> command = new ArrayList<>(List.of("mkfifo", "-m", "666"));
        NAMES.forEach(name -> command.add(at.resolve(name).toString()));
        Commands.run(command.toArray(String[]::new));
        OtherUser.owned(at);
    }

    /** Who reads one is never done. */
    static void endless(Path at) throws Exception {
        Files.createDirectory(at);
        for (String name : NAMES) {
            OtherUser.link(at.resolve(name), Path.of("/dev/zero"));
        }
        OtherUser.owned(at);
    }
}
