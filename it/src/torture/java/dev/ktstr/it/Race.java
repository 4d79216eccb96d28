package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What another user exchanges, again and again, and what we do meanwhile.
 *
 * @param swapped what a {@link Swapper} is told
 * @param isRenamed whether these are directories of ours that are renamed while we write into them: then new files may come
 *     to be elsewhere
 */
record Race(List<String> swapped, PlantedPlace.Step step, boolean isRenamed) {
    /** Prepares a race. */
    interface Maker {
        Race in(PlantedPlace place) throws Exception;
    }

    /** Makes what is to come into the place of something of ours. */
    interface Bait {
        void make(Path at) throws Exception;
    }

    /** Between two names. */
    static Race between(Path one, Path other, PlantedPlace.Step step) {
        return new Race(List.of(one.toString(), other.toString()), step, false);
    }

    /** Between what we make in the root, by names that nobody can know before, and a bait, which is made again every time. */
    static Race against(PlantedPlace place, String prefix, Bait bait, int times, PlantedPlace.Step step) {
        Path other = place.root().resolve(".other");
        return new Race(
                List.of(place.root().toString(), prefix, other.toString()),
                () -> PlantedPlace.repeat(times, () -> {
                    clear(place.root(), prefix, other);
                    bait.make(other.resolveSibling(".made"));
                    Files.move(other.resolveSibling(".made"), other);
                    step.run();
                }),
                true);
    }

    /** Once there is nothing to be exchanged with, nothing moves any more. */
    private static void clear(Path root, String prefix, Path other) throws IOException, InterruptedException {
        Path gone = other.resolveSibling(".gone");
        if (Files.exists(other, LinkOption.NOFOLLOW_LINKS)) {
            Files.move(other, gone);
        }
        List<String> command = new ArrayList<>(List.of("rm", "-rf", gone.toString()));
        try (Stream<Path> all = Files.list(root)) {
            all.filter(path -> path.getFileName().toString().startsWith(prefix))
                    .forEach(path -> command.add(path.toString()));
        }
        Commands.run(command.toArray(String[]::new));
    }

    /** Between a directory in a place and a bait, while it is removed; what is gone is made again. */
    static Race removal(PlantedPlace place, Path directory, Bait bait, PlantedPlace.Step step) {
        Path other = directory.resolveSibling(".other");
        return between(
                directory,
                other,
                () -> PlantedPlace.repeat(20, () -> {
                    if (Files.notExists(directory, LinkOption.NOFOLLOW_LINKS)) {
                        remake(place, directory, other, bait);
                    }
                    step.run();
                }));
    }

    /** What is to be removed comes last, and whole: from then on the two are exchanged. */
    private static void remake(PlantedPlace place, Path directory, Path other, Bait bait) throws Exception {
        Path parent = other.resolve("..").normalize();
        if (!parent.equals(place.root()) && Files.notExists(parent)) {
            OtherUser.owned(Files.createDirectory(parent));
        }
        Commands.run("rm", "-rf", other.toString());
        bait.make(other);
        Path made = PlantedPlace.filled(other.resolveSibling(".made"));
        Files.move(PlantedPlace.aged(OtherUser.owned(made)), directory);
    }
}
