package dev.ktstr.it;

import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** An entry in whose files single bytes are flipped; each must be found by what {@code kernel-verify} does. */
final class RottenEntry {
    static final String METADATA = "metadata.json";

    private final KernelCache cache;
    private final String key;
    private final Trials trials;

    RottenEntry(KernelCache cache, String key, Trials trials) {
        this.cache = cache;
        this.key = key;
        this.trials = trials;
    }

    private Path directory() {
        return cache.root().resolve(key);
    }

    /** All of them, by name. */
    List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory())) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Each bit of every so-many-th byte, one at a time. */
    void flipEveryBit(Path file, long first, int step) throws IOException {
        long size = Files.size(file);
        for (long at = first; at < size; at += step) {
            for (int mask = 1; mask <= 0x80; mask <<= 1) {
                flip(file, at, mask);
            }
        }
    }

    /** Every so-many-th byte, at random. */
    void flipEveryByte(Path file, long first, int step, Random random) throws IOException {
        long size = Files.size(file);
        for (long at = first; at < size; at += step) {
            flip(file, at, mask(random));
        }
    }

    /** The first byte, the last one, and as many others as are wanted. */
    void flipSome(Path file, int count, Random random) throws IOException {
        long size = Files.size(file);
        flip(file, 0, mask(random));
        flip(file, size - 1, mask(random));
        for (int i = 0; i < count; i++) {
            flip(file, random.nextLong(size), mask(random));
        }
    }

    /** Not zero. */
    private static int mask(Random random) {
        return 1 + random.nextInt(255);
    }

    private void flip(Path file, long at, int mask) throws IOException {
        String kind = "flipped byte: " + directory().relativize(file).getName(0);
        trials.fired(kind);
        try (FlippedByte flipped = FlippedByte.flip(file, at, mask)) {
            if (cache.verify(key).problems().isEmpty()) {
                trials.violation(kind, "not found: " + flipped);
            }
        } catch (KtstrException | RuntimeException failed) {
            trials.violation(kind, "verify failed: byte " + at + " of " + file + ", mask " + mask + ": " + failed);
        }
    }

    /** Or what was found before may have been something else. */
    void requireWhole() throws IOException {
        List<String> problems = cache.verify(key).problems();
        if (!problems.isEmpty()) {
            throw new IllegalStateException(key + " is broken though every byte was flipped back: " + problems);
        }
    }
}
