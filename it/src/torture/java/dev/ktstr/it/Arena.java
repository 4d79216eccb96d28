package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** What a campaign works with. */
final class Arena {
    private final Extent extent;
    private final Path directory;
    private final long seed;
    private int directories;

    /** @param directory an empty one */
    Arena(Extent extent, Path directory, long seed) {
        this.extent = extent;
        this.directory = directory;
        this.seed = seed;
    }

    Extent extent() {
        return extent;
    }

    /** Always the same numbers for the same seed, which is in the report. */
    Random random() {
        return new Random(seed);
    }

    /** A new, empty directory. */
    Path newDirectory() throws IOException {
        return Files.createDirectory(directory.resolve("d" + directories++));
    }
}
