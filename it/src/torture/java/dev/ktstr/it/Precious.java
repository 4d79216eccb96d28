package dev.ktstr.it;

import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What is ours alone, outside of every store, and must stay as it is. */
final class Precious {
    private static final int IMAGE_SIZE = 1 << 20;

    private final Path top;
    private final Map<String, String> before;

    private Precious(Path top) throws IOException {
        this.top = top;
        this.before = read(top);
    }

    /** @param template the key of one */
    static Precious make(Path top, String template) throws IOException {
        Files.createDirectory(top);
        List<Path> files = new ArrayList<>(List.of(top.resolve("file"), top.resolve("image")));
        PlantedPlace.filled(top.resolve("directory"));
        Files.createDirectory(top.resolve("empty"));
        Path named = Files.createDirectory(top.resolve("named"));
        for (String name : List.of(
                "metadata.json",
                "bzImage",
                "vmlinux",
                "config",
                "template.img",
                "disk.img",
                "lock",
                PlantedPlace.KEY + ".lock",
                template + ".lock")) {
            files.add(named.resolve(name));
        }
        files.add(Files.createDirectory(named.resolve(".scratch")).resolve("file"));
        for (Path each : files) {
            Files.writeString(each, "precious");
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(top.resolve("image"), "precious".repeat(IMAGE_SIZE / 8));
        return new Precious(top);
    }

    Path file() {
        return top.resolve("file");
    }

    /** A file that is large enough for a file system. */
    Path image() {
        return top.resolve("image");
    }

    /** A directory with many files. */
    Path directory() {
        return top.resolve("directory");
    }

    /** A directory with files that are called as ours in a store are. */
    Path named() {
        return top.resolve("named");
    }

    Path empty() {
        return top.resolve("empty");
    }

    Path nothing() {
        return top.resolve("nothing");
    }

    /**
     * What is no longer as it was.
     *
     * @param areNewAllowed whether it is no harm if there are new files
     */
    Optional<String> harm(boolean areNewAllowed) throws IOException {
        Map<String, String> now = read(top);
        List<String> harm = new ArrayList<>();
        for (Map.Entry<String, String> each : before.entrySet()) {
            String found = now.remove(each.getKey());
            if (!each.getValue().equals(found)) {
                harm.add(each.getKey() + " was " + each.getValue() + " and is " + (found == null ? "gone" : found));
            }
        }
        if (!areNewAllowed) {
            now.forEach((path, what) -> harm.add(path + " is new: " + what));
        }
        return harm.isEmpty() ? Optional.empty() : Optional.of("harm was done outside: " + harm);
    }

    /** Of everything: kind, mode and what is in it. */
    private static Map<String, String> read(Path top) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(top)) {
            for (Path each : files.toList()) {
                FileStat file = FileStat.ofLink(each).orElseThrow();
                boolean hasContent = file.isRegularFile() && file.size() > 0;
                all.put(
                        top.relativize(each).toString(),
                        Integer.toOctalString(file.mode())
                                + (hasContent ? " " + file.size() + " bytes " + LoadMain.checksum(each) : ""));
            }
        }
        return all;
    }
}
