package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.host.HostResources;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.LockGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Another user who may write to the store, or to the directory of the machine's locks, puts links, pipes and directories where
 * ours belong, before we work and while we do. What is in the store is theirs to spoil, by that; nothing else is, nobody waits
 * for ever, and once it has been cleared up everything works.
 */
final class PlantedCampaign implements Campaign {
    private static final String DEBRIS = ".tmp-k-1.0123abcd";

    /** Makes a trap. */
    private interface Plant {
        void in(PlantedPlace place) throws Exception;
    }

    /** What two names are exchanged, again and again, and what we do meanwhile. */
    private record Race(Path one, Path other, PlantedPlace.Step step) {}

    private interface Maker {
        void make(Path at) throws Exception;
    }

    private interface RaceMaker {
        Race in(PlantedPlace place) throws Exception;
    }

    @Override
    public String name() {
        return "planted";
    }

    @Override
    public String title() {
        return "planted: links, pipes and directories of another user in the places of ours";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        Path workshop = open(arena.newDirectory());
        MarkedKernel kernel = MarkedKernel.make(workshop);
        Path swap = Swapper.compile(workshop);
        for (int i = 0; i < arena.extent().of(1, 50); i++) {
            for (Map.Entry<String, Plant> trap : inTheStore().entrySet()) {
                PlantedPlace place = PlantedPlace.make(arena.newDirectory(), kernel);
                trap.getValue().in(place);
                judge(trap.getKey(), place, PlantedPlace.problem(place.everything()), trials);
            }
            for (Map.Entry<String, Plant> trap : inTheLockDirectory().entrySet()) {
                PlantedPlace place = PlantedPlace.make(arena.newDirectory(), kernel);
                trap.getValue().in(place);
                judge(trap.getKey(), place, PlantedPlace.problem(List.of(() -> lock(place))), trials);
            }
        }
        for (int i = 0; i < arena.extent().of(3, 300); i++) {
            for (Map.Entry<String, RaceMaker> each : races().entrySet()) {
                PlantedPlace place = PlantedPlace.make(arena.newDirectory(), kernel);
                race(each.getKey(), place, each.getValue().in(place), swap, trials);
            }
        }
    }

    private static void race(String kind, PlantedPlace place, Race race, Path swap, Trials trials) throws Exception {
        Optional<String> problem;
        long swapped;
        try (Swapper swapper = Swapper.start(swap, race.one(), race.other())) {
            problem = PlantedPlace.problem(List.of(race.step()));
            swapped = swapper.stop();
        }
        if (swapped == 0) {
            trials.unfired(kind);
        } else {
            judge(kind, place, problem, trials);
        }
    }

    private static void judge(String kind, PlantedPlace place, Optional<String> problem, Trials trials)
            throws Exception {
        trials.fired(kind);
        problem.ifPresent(what -> trials.violation(kind, what));
        place.harm().ifPresent(what -> trials.violation(kind, what));
        place.lastingHarm().ifPresent(what -> trials.violation(kind, what));
    }

    private static Map<String, Plant> inTheStore() {
        Map<String, Plant> traps = new LinkedHashMap<>();
        traps.put("a link for an entry", place -> OtherUser.link(place.entry(), place.ours()));
        traps.put("a dangling link for an entry", place -> OtherUser.link(place.entry(), place.nothing()));
        traps.put("a pipe for an entry", place -> OtherUser.pipe(place.entry()));
        traps.put("a link for staging", place -> OtherUser.link(place.root().resolve(DEBRIS), place.ours()));
        traps.put("links in staging", place -> {
            Path debris = Files.createDirectories(place.root().resolve(DEBRIS + "/deep"));
            OtherUser.link(debris.resolve("link"), place.ours());
            OtherUser.link(debris.resolveSibling("link"), place.file());
            OtherUser.owned(place.root().resolve(DEBRIS));
        });
        traps.put("a link for .locks", place -> OtherUser.link(place.root().resolve(".locks"), place.ours()));
        traps.put("a pipe for .locks", place -> OtherUser.pipe(place.root().resolve(".locks")));
        traps.put(
                "a dangling link for .locks",
                place -> OtherUser.link(place.root().resolve(".locks"), place.nothing()));
        traps.put(
                "a link for a lock file", place -> OtherUser.link(place.locks().resolve("k.lock"), place.file()));
        traps.put(
                "a dangling link for a lock file",
                place -> OtherUser.link(place.locks().resolve("k.lock"), place.nothing()));
        traps.put(
                "a pipe for a lock file", place -> OtherUser.pipe(place.locks().resolve("k.lock")));
        traps.put(
                "a directory for a lock file",
                place -> OtherUser.owned(Files.createDirectory(place.locks().resolve("k.lock"))));
        traps.put(
                "a link for the holders", place -> OtherUser.link(place.locks().resolve("holders"), place.ours()));
        traps.put(
                "a link for a lock's holders",
                place -> OtherUser.link(
                        OtherUser.owned(Files.createDirectory(place.locks().resolve("holders")))
                                .resolve("k.lock"),
                        place.ours()));
        traps.put("links and a pipe for records", place -> {
            Path records = Files.createDirectories(place.locks().resolve("holders/k.lock"));
            OtherUser.link(records.resolve("1-0123abcd"), place.file());
            OtherUser.link(records.resolve(".2-0123abcd"), place.file());
            OtherUser.pipe(records.resolve("3-0123abcd"));
            OtherUser.owned(place.locks().resolve("holders"));
        });
        for (String file : List.of("metadata.json", "bzImage", "vmlinux")) {
            traps.put("a link for " + file, place -> OtherUser.link(emptied(place, file), place.file()));
            traps.put("a pipe for " + file, place -> OtherUser.pipe(emptied(place, file)));
            traps.put("/dev/zero for " + file, place -> OtherUser.link(emptied(place, file), Path.of("/dev/zero")));
        }
        traps.put("a link for the modules", place -> {
            place.store();
            OtherUser.link(place.entry().resolve("modules"), place.ours());
        });
        return traps;
    }

    /** Of an entry that has been stored. */
    private static Path emptied(PlantedPlace place, String file) throws IOException {
        place.store();
        Path path = place.entry().resolve(file);
        Files.delete(path);
        return path;
    }

    private static Map<String, Plant> inTheLockDirectory() {
        Map<String, Plant> traps = new LinkedHashMap<>();
        for (String name : List.of("ktstr-lock-x.lock", "ktstr-llc-0.lock", "ktstr-cpu-0.lock")) {
            traps.put("a link for " + name, place -> OtherUser.link(host(place).resolve(name), place.file()));
            traps.put(
                    "a dangling link for " + name,
                    place -> OtherUser.link(host(place).resolve(name), place.nothing()));
            traps.put("a pipe for " + name, place -> OtherUser.pipe(host(place).resolve(name)));
        }
        traps.put(
                "a link for ktstr-holders",
                place -> OtherUser.link(host(place).resolve("ktstr-holders"), place.ours()));
        traps.put("links and a pipe in ktstr-holders", place -> {
            Path holders = Files.createDirectories(host(place).resolve("ktstr-holders/ktstr-cpu-0.lock"));
            OtherUser.link(holders.resolveSibling("ktstr-lock-x.lock"), place.ours());
            OtherUser.link(holders.resolve("1-0123abcd"), place.file());
            OtherUser.pipe(holders.resolve("2-0123abcd"));
            OtherUser.owned(host(place).resolve("ktstr-holders"));
        });
        return traps;
    }

    /** A directory as {@code /tmp} is one. */
    private static Path host(PlantedPlace place) throws IOException {
        Path host = Files.createDirectories(place.root().resolve("host"));
        Files.setAttribute(host, "unix:mode", 01777);
        return host;
    }

    private static void lock(PlantedPlace place) throws IOException {
        Environment environment =
                Environment.system().withVariable("KTSTR_LOCK_DIR", host(place).toString());
        HostLocks locks = HostLocks.of(environment);
        for (FlockMode mode : FlockMode.values()) {
            attempt(() -> {
                try (LockGuard guard = locks.named("x", environment, event -> {})
                        .tryAcquire(mode)
                        .orElse(null)) {
                    locks.named("x", environment, event -> {}).holders();
                    attempt(() -> HostResources.open(environment, event -> {})
                            .reserveCpus(1, Duration.ZERO)
                            .close());
                    if (guard == null) {
                        throw new IOException("refused");
                    }
                }
            });
        }
        attempt(() -> HostResources.open(environment, event -> {})
                .reserveLlcs(1, Duration.ZERO)
                .close());
    }

    /** What is refused is refused; the rest of a step is to be tried all the same. */
    private static void attempt(PlantedPlace.Step step) throws IOException {
        try {
            step.run();
        } catch (IOException refused) {
            return;
        } catch (RuntimeException unexpected) {
            throw unexpected;
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Map<String, RaceMaker> races() {
        Map<String, RaceMaker> races = new LinkedHashMap<>();
        Path inside = Path.of(DEBRIS, "inside");
        races.put(
                "debris swapped for a link while it is swept",
                place -> removal(place, inside, other -> OtherUser.link(other, place.ours())));
        races.put("debris swapped for a pipe while it is swept", place -> removal(place, inside, OtherUser::pipe));
        // The second is so long that it is removed where it is.
        for (String key : List.of(PlantedPlace.KEY, "k".repeat(238))) {
            races.put(
                    "an entry (" + key.length() + ") swapped for a link while it is removed",
                    place -> removal(place, Path.of(key), other -> OtherUser.link(other, place.ours())));
        }
        races.put("an entry swapped for a pipe while it is used", place -> {
            place.store();
            OtherUser.owned(place.entry());
            Path pipe = OtherUser.pipe(place.root().resolve(".pipe"));
            return new Race(place.entry(), pipe, () -> repeat(20, place::use));
        });
        races.put("an entry swapped for a link while it is replaced", place -> {
            Path entry = OtherUser.owned(PlantedPlace.filled(place.entry()));
            Path link = OtherUser.link(place.root().resolve(".link"), place.ours());
            return new Race(entry, link, () -> repeat(5, place::replace));
        });
        for (String file : List.of("metadata.json", "bzImage", "vmlinux")) {
            races.put(file + " swapped for a pipe while it is used", place -> {
                place.store();
                Path pipe = OtherUser.pipe(place.entry().resolve("pipe"));
                OtherUser.owned(place.entry());
                return new Race(place.entry().resolve(file), pipe, () -> repeat(20, place::use));
            });
            races.put(file + " swapped for /dev/zero while it is used", place -> {
                place.store();
                Path zero = OtherUser.link(place.entry().resolve("zero"), Path.of("/dev/zero"));
                OtherUser.owned(place.entry());
                return new Race(place.entry().resolve(file), zero, () -> repeat(20, place::use));
            });
        }
        races.put("a lock file swapped for a link while it is locked", place -> {
            Path lockFile = OtherUser.owned(Files.createFile(place.locks().resolve("k.lock")));
            Path link = OtherUser.link(place.locks().resolve("link"), place.file());
            return new Race(
                    lockFile,
                    link,
                    () -> repeat(5, () -> {
                        attempt(place::store);
                        attempt(place::use);
                    }));
        });
        races.put("a boot image swapped for another while it is stored", place -> {
            List<Path> images = place.images();
            return new Race(images.get(0), images.get(1), () -> repeat(10, () -> place.storeOne(images.get(0))));
        });
        return races;
    }

    /** A directory of theirs is swapped for something else while it is removed; what is gone is made again. */
    private static Race removal(PlantedPlace place, Path name, Maker maker) {
        Path one = place.root().resolve(name);
        Path other = one.resolveSibling(".other");
        return new Race(
                one,
                other,
                () -> repeat(20, () -> {
                    if (Files.notExists(one, LinkOption.NOFOLLOW_LINKS)) {
                        remake(one, other, maker);
                    }
                    place.clean();
                }));
    }

    /** What is to be removed comes last, and whole: from then on the two are swapped. */
    private static void remake(Path one, Path other, Maker maker) throws Exception {
        Path parent = Objects.requireNonNull(one.getParent(), "a directory in a store");
        if (Files.notExists(parent)) {
            OtherUser.owned(Files.createDirectory(parent));
        }
        Commands.run("rm", "-rf", other.toString());
        maker.make(other);
        Files.move(OtherUser.owned(PlantedPlace.filled(one.resolveSibling(".made"))), one);
    }

    private static void repeat(int times, PlantedPlace.Step step) throws IOException {
        for (int i = 0; i < times; i++) {
            attempt(step);
        }
    }

    /** So that the other user can come that far. */
    private static Path open(Path directory) throws IOException {
        Path above = directory;
        for (int i = 0; i < 3 && above != null; i++) {
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(above);
            if (mode.add(PosixFilePermission.OTHERS_EXECUTE)) {
                Files.setPosixFilePermissions(above, mode);
            }
            above = above.getParent();
        }
        return directory;
    }
}
