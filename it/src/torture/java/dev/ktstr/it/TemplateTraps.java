package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What another user can plant in the store of templates before we work, and what they can exchange while we do. */
final class TemplateTraps {
    private static final String DEAD = "77-0123abcd";
    private static final String PRIVATE = ".disks-77.0123abcd";

    /** Of a process that there is not. */
    private static final String INSTANT = ".per-test-2147483646-1a-2b.img";

    private TemplateTraps() {}

    static Map<String, Plant> plants() {
        Map<String, Plant> traps = new LinkedHashMap<>();
        Map<String, Naming> names = new LinkedHashMap<>();
        names.put("a template", place -> place.disks().template());
        names.put(
                "template.img",
                place -> OtherUser.owned(Files.createDirectory(place.disks().template()))
                        .resolve("template.img"));
        names.put("template.img of ours", TemplateTraps::emptied);
        names.put("staging of a template", place -> at(place, place.disks().staging() + DEAD));
        names.put("an image in flight", place -> at(place, place.disks().inFlight() + DEAD));
        names.put("a disk's instant name", place -> at(place, INSTANT));
        names.put("a private directory", place -> at(place, PRIVATE));
        names.put("a private directory's lock", place -> {
            Path made = Files.createDirectory(at(place, PRIVATE));
            OtherUser.link(made.resolve("link"), place.precious().directory());
            return made.resolve("lock");
        });
        names.put(
                "a template's lock",
                place -> place.locks().resolve(place.disks().template().getFileName() + ".lock"));
        names.forEach((what, name) -> {
            traps.put(
                    "a link for " + what,
                    place -> planted(
                            place,
                            OtherUser.link(name.in(place), place.precious().file())));
            traps.put(
                    "a link to a directory for " + what,
                    place -> planted(
                            place,
                            OtherUser.link(name.in(place), place.precious().directory())));
            traps.put(
                    "a dangling link for " + what,
                    place -> planted(
                            place,
                            OtherUser.link(name.in(place), place.precious().nothing())));
            traps.put("a pipe for " + what, place -> planted(place, OtherUser.pipe(name.in(place))));
            traps.put("a directory with links for " + what, place -> planted(place, links(place, name.in(place))));
        });
        for (String what : List.of("template.img", "a private directory's lock")) {
            traps.put(
                    "/dev/zero for " + what,
                    place -> planted(
                            place,
                            OtherUser.link(
                                    names.getOrDefault(what, TemplateTraps::emptied)
                                            .in(place),
                                    Path.of("/dev/zero"))));
        }
        traps.put("a private directory without a lock", place -> planted(place, links(place, at(place, PRIVATE))));
        traps.put("a link for .locks, to where a template's is", StoreTraps::linkToLocks);
        return traps;
    }

    /** Where something is planted, which is made ready for it. */
    private interface Naming {
        Path in(PlantedPlace place) throws Exception;
    }

    private static Path at(PlantedPlace place, String name) {
        return place.root().resolve(name);
    }

    private static Path emptied(PlantedPlace place) throws IOException {
        place.disks().ensure();
        Files.delete(place.disks().image());
        return place.disks().image();
    }

    private static Path links(PlantedPlace place, Path directory) throws IOException {
        Files.createDirectory(directory);
        OtherUser.link(directory.resolve("link"), place.precious().directory());
        OtherUser.link(directory.resolve("template.img"), place.precious().image());
        return directory;
    }

    /** What sweeps go by: what has just been made they leave alone. */
    private static void planted(PlantedPlace place, Path trap) throws IOException {
        Path made = at(place, PRIVATE);
        if (Files.isDirectory(made, LinkOption.NOFOLLOW_LINKS)) {
            PlantedPlace.aged(OtherUser.owned(made));
        } else if (Files.isDirectory(trap, LinkOption.NOFOLLOW_LINKS)) {
            OtherUser.owned(trap);
        }
    }

    static Map<String, Race.Maker> races() {
        Map<String, Race.Maker> races = new LinkedHashMap<>();
        Map<String, Baits.Maker> links = new LinkedHashMap<>();
        links.put("a link", place -> at -> OtherUser.link(at, place.precious().named()));
        links.put("a pipe", place -> OtherUser::pipe);
        links.forEach((what, bait) -> {
            races.put("a template swapped for " + what + " while it is used", place -> {
                place.disks().ensure();
                Path other = at(place, ".other");
                bait.in(place).make(other);
                return Race.between(place.disks().template(), other, () -> PlantedPlace.repeat(5, place.disks()::use));
            });
            races.put("template.img swapped for " + what + " while it is used", place -> {
                place.disks().ensure();
                Path other = place.disks().template().resolve("other");
                bait.in(place).make(other);
                OtherUser.owned(place.disks().template());
                return Race.between(place.disks().image(), other, () -> PlantedPlace.repeat(5, place.disks()::use));
            });
        });
        links.put("one with a pipe for its lock", place -> at -> {
            Baits.pipes(at);
            PlantedPlace.aged(at);
        });
        links.forEach((what, bait) -> races.put(
                "a private directory swapped for " + what + " while it is swept",
                place -> Race.removal(place, at(place, PRIVATE), bait.in(place), place.disks()::clean)));
        addRenamed(races);
        return races;
    }

    private static void addRenamed(Map<String, Race.Maker> races) {
        Map<String, Baits.Maker> images = new LinkedHashMap<>();
        images.put("a link", place -> at -> OtherUser.link(at, place.precious().image()));
        images.put("a pipe", place -> OtherUser::pipe);
        images.forEach((what, bait) -> races.put(
                "an image swapped for " + what + " while it is formatted",
                place -> Race.against(place, place.disks().inFlight(), bait.in(place), 4, place.disks()::replace)));
        Map<String, Baits.Maker> directories = new LinkedHashMap<>();
        directories.put(
                "a link", place -> at -> OtherUser.link(at, place.precious().named()));
        directories.put("pipes", place -> Baits::pipes);
        directories.forEach((what, bait) -> {
            races.put(
                    "a template's staging swapped for " + what + " while it is formatted",
                    place -> Race.against(place, place.disks().staging(), bait.in(place), 4, place.disks()::replace));
            races.put(
                    "a new private directory swapped for " + what,
                    place -> Race.against(place, ".disks-", bait.in(place), 40, place.disks()::makePrivateDirectory));
        });
    }
}
