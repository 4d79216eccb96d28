package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.disk.DiskTemplates;
import java.io.IOException;
import java.nio.file.Path;

/** Says what of a store has been left behind, for a process of its own: {@code <root>}. */
final class OrphansMain {
    private OrphansMain() {}

    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]);
        KernelCache.at(root).orphans().forEach(System.out::println);
        DiskTemplates.at(root).orphans().forEach(System.out::println);
    }
}
