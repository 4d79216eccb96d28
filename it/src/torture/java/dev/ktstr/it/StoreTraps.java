package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What another user can plant in the store of kernels before we work, and what they can exchange while we do. */
final class StoreTraps {
    private static final String DEBRIS = ".tmp-k-1.0123abcd";
    private static final String STAGING = ".tmp-" + PlantedPlace.KEY + "-";

    private StoreTraps() {}

    static Map<String, Plant> plants() {
        Map<String, Plant> traps = new LinkedHashMap<>();
        traps.put("a link for an entry", place -> OtherUser.link(place.entry(), ours(place)));
        traps.put("a dangling link for an entry", place -> OtherUser.link(place.entry(), nothing(place)));
        traps.put("a pipe for an entry", place -> OtherUser.pipe(place.entry()));
        traps.put("a link for staging", place -> OtherUser.link(place.root().resolve(DEBRIS), ours(place)));
        traps.put("links in staging", place -> {
            Path debris = Files.createDirectories(place.root().resolve(DEBRIS + "/deep"));
            OtherUser.link(debris.resolve("link"), ours(place));
            OtherUser.link(debris.resolveSibling("link"), file(place));
            OtherUser.owned(place.root().resolve(DEBRIS));
        });
        addLocks(traps);
        for (String file : List.of("metadata.json", "bzImage", "vmlinux")) {
            traps.put("a link for " + file, place -> OtherUser.link(emptied(place, file), file(place)));
            traps.put("a pipe for " + file, place -> OtherUser.pipe(emptied(place, file)));
            traps.put("/dev/zero for " + file, place -> OtherUser.link(emptied(place, file), Path.of("/dev/zero")));
        }
        traps.put("a link for the modules", place -> {
            place.store();
            OtherUser.link(place.entry().resolve("modules"), ours(place));
        });
        return traps;
    }

    private static void addLocks(Map<String, Plant> traps) {
        traps.put("a link for .locks", place -> OtherUser.link(place.root().resolve(".locks"), ours(place)));
        traps.put("a link for .locks, to where lock files are", StoreTraps::linkToLocks);
        traps.put("a pipe for .locks", place -> OtherUser.pipe(place.root().resolve(".locks")));
        traps.put(
                "a dangling link for .locks",
                place -> OtherUser.link(place.root().resolve(".locks"), nothing(place)));
        traps.put(
                "a link for a lock file", place -> OtherUser.link(place.locks().resolve("k.lock"), file(place)));
        traps.put(
                "a dangling link for a lock file",
                place -> OtherUser.link(place.locks().resolve("k.lock"), nothing(place)));
        traps.put(
                "a pipe for a lock file", place -> OtherUser.pipe(place.locks().resolve("k.lock")));
        traps.put(
                "a directory for a lock file",
                place -> OtherUser.owned(Files.createDirectory(place.locks().resolve("k.lock"))));
        traps.put(
                "a link for the holders", place -> OtherUser.link(place.locks().resolve("holders"), ours(place)));
        traps.put(
                "a link for a lock's holders",
                place -> OtherUser.link(
                        OtherUser.owned(Files.createDirectory(place.locks().resolve("holders")))
                                .resolve("k.lock"),
                        ours(place)));
        traps.put("links and a pipe for records", place -> {
            Path records = Files.createDirectories(place.locks().resolve("holders/k.lock"));
            OtherUser.link(records.resolve("1-0123abcd"), file(place));
            OtherUser.link(records.resolve(".2-0123abcd"), file(place));
            OtherUser.pipe(records.resolve("3-0123abcd"));
            OtherUser.owned(place.locks().resolve("holders"));
        });
    }

    static void linkToLocks(PlantedPlace place) throws IOException {
        OtherUser.link(place.root().resolve(".locks"), place.precious().named());
    }

    static Map<String, Race.Maker> races() {
        Map<String, Race.Maker> races = new LinkedHashMap<>();
        Path inside = Path.of(DEBRIS, "inside");
        races.put(
                "debris swapped for a link while it is swept",
                place -> removal(place, inside, at -> OtherUser.link(at, ours(place))));
        races.put("debris swapped for a pipe while it is swept", place -> removal(place, inside, OtherUser::pipe));
        // The second is so long that it is removed where it is.
        for (String key : List.of(PlantedPlace.KEY, "k".repeat(238))) {
            races.put(
                    "an entry (" + key.length() + ") swapped for a link while it is removed",
                    place -> removal(place, Path.of(key), at -> OtherUser.link(at, ours(place))));
        }
        races.put("an entry swapped for a pipe while it is used", place -> {
            place.store();
            OtherUser.owned(place.entry());
            Path pipe = OtherUser.pipe(place.root().resolve(".pipe"));
            return Race.between(place.entry(), pipe, () -> PlantedPlace.repeat(20, place::use));
        });
        races.put("an entry swapped for a link while it is replaced", place -> {
            Path entry = OtherUser.owned(PlantedPlace.filled(place.entry()));
            Path link = OtherUser.link(place.root().resolve(".link"), ours(place));
            return Race.between(entry, link, () -> PlantedPlace.repeat(5, place::replace));
        });
        for (String file : List.of("metadata.json", "bzImage", "vmlinux")) {
            races.put(file + " swapped for a pipe while it is used", place -> using(place, file, OtherUser::pipe));
            races.put(
                    file + " swapped for /dev/zero while it is used",
                    place -> using(place, file, at -> OtherUser.link(at, Path.of("/dev/zero"))));
        }
        races.put("a lock file swapped for a link while it is locked", place -> {
            Path lockFile = OtherUser.owned(Files.createFile(place.locks().resolve("k.lock")));
            Path link = OtherUser.link(place.locks().resolve("link"), file(place));
            return Race.between(lockFile, link, () -> PlantedPlace.repeat(5, () -> storeAndUse(place)));
        });
        races.put("a boot image swapped for another while it is stored", place -> {
            List<Path> images = place.images();
            return Race.between(
                    images.get(0), images.get(1), () -> PlantedPlace.repeat(10, () -> place.storeOne(images.get(0))));
        });
        addRenamed(races);
        return races;
    }

    private static void addRenamed(Map<String, Race.Maker> races) {
        Map<String, Baits.Maker> baits = new LinkedHashMap<>();
        baits.put("a link", place -> at -> OtherUser.link(at, place.precious().named()));
        baits.put(
                "a link to where nothing is",
                place -> at -> OtherUser.link(at, place.precious().empty()));
        baits.put("pipes", place -> Baits::pipes);
        baits.put("endless files", place -> Baits::endless);
        baits.forEach((what, bait) -> races.put(
                "staging swapped for " + what + " while it is written",
                place -> Race.against(place, STAGING, bait.in(place), 8, () -> {
                    PlantedPlace.attempt(place::replace);
                    PlantedPlace.attempt(place::replaceByUnstrippable);
                })));
        races.put(".locks swapped for a link while locks are made", place -> {
            Path locks = place.locks();
            Path link = OtherUser.link(
                    place.root().resolve(".link"), place.precious().empty());
            Race race = Race.between(
                    locks,
                    link,
                    () -> PlantedPlace.repeat(5, () -> {
                        storeAndUse(place);
                        PlantedPlace.attempt(place::clean);
                    }));
            return new Race(race.swapped(), race.step(), true);
        });
    }

    private static void storeAndUse(PlantedPlace place) throws Exception {
        PlantedPlace.attempt(place::store);
        PlantedPlace.attempt(place::use);
    }

    private static Race removal(PlantedPlace place, Path name, Race.Bait bait) {
        return Race.removal(place, place.root().resolve(name), bait, place::clean);
    }

    /** A file of an entry of theirs, and another that is there under another name. */
    private static Race using(PlantedPlace place, String file, Race.Bait bait) throws Exception {
        place.store();
        bait.make(place.entry().resolve("other"));
        OtherUser.owned(place.entry());
        return Race.between(
                place.entry().resolve(file), place.entry().resolve("other"), () -> PlantedPlace.repeat(20, place::use));
    }

    /** Of an entry that has been stored. */
    private static Path emptied(PlantedPlace place, String file) throws IOException {
        place.store();
        Path path = place.entry().resolve(file);
        Files.delete(path);
        return path;
    }

    private static Path file(PlantedPlace place) {
        return place.precious().file();
    }

    private static Path ours(PlantedPlace place) {
        return place.precious().directory();
    }

    private static Path nothing(PlantedPlace place) {
        return place.precious().nothing();
    }
}
