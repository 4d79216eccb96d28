package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.host.HostResources;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What another user can plant among the locks of the machine before we lock, and what they can exchange while we do. */
final class LockTraps {
    private static final List<String> LOCKS = List.of("ktstr-lock-x.lock", "ktstr-llc-0.lock", "ktstr-cpu-0.lock");
    private static final String HOLDERS = "ktstr-holders";

    private LockTraps() {}

    static Map<String, Plant> plants() {
        Map<String, Plant> traps = new LinkedHashMap<>();
        for (String name : LOCKS) {
            traps.put(
                    "a link for " + name,
                    place -> OtherUser.link(
                            host(place).resolve(name), place.precious().file()));
            traps.put(
                    "a dangling link for " + name,
                    place -> OtherUser.link(
                            host(place).resolve(name), place.precious().nothing()));
            traps.put("a pipe for " + name, place -> OtherUser.pipe(host(place).resolve(name)));
        }
        traps.put(
                "a link for ktstr-holders",
                place -> OtherUser.link(
                        host(place).resolve(HOLDERS), place.precious().directory()));
        traps.put("links and a pipe in ktstr-holders", place -> {
            Path holders = Files.createDirectories(host(place).resolve(HOLDERS + "/ktstr-cpu-0.lock"));
            OtherUser.link(
                    holders.resolveSibling("ktstr-lock-x.lock"),
                    place.precious().directory());
            OtherUser.link(holders.resolve("1-0123abcd"), place.precious().file());
            OtherUser.pipe(holders.resolve("2-0123abcd"));
            OtherUser.owned(host(place).resolve(HOLDERS));
        });
        return traps;
    }

    /** In a directory as {@code /tmp} is one they can only exchange what is theirs. */
    static Map<String, Race.Maker> races() {
        Map<String, Race.Maker> races = new LinkedHashMap<>();
        for (String name : LOCKS) {
            races.put(name + " swapped for a link while it is locked", place -> {
                Path theirs = OtherUser.owned(Files.createFile(host(place).resolve(name)));
                return race(
                        place, theirs, at -> OtherUser.link(at, place.precious().file()));
            });
            races.put(name + " swapped for a pipe while it is locked", place -> {
                Path theirs = OtherUser.owned(Files.createFile(host(place).resolve(name)));
                return race(place, theirs, OtherUser::pipe);
            });
        }
        for (String name : List.of(HOLDERS, HOLDERS + "/ktstr-lock-x.lock")) {
            races.put(name + " swapped for a link while there are holders", place -> {
                Path theirs = Files.createDirectories(host(place).resolve(name));
                OtherUser.owned(host(place).resolve(HOLDERS));
                return race(
                        place, theirs, at -> OtherUser.link(at, place.precious().directory()));
            });
        }
        return races;
    }

    private static Race race(PlantedPlace place, Path theirs, Race.Bait bait) throws Exception {
        Path other = theirs.resolveSibling("other");
        bait.make(other);
        return Race.between(theirs, other, () -> PlantedPlace.repeat(10, () -> lock(place)));
    }

    /** A directory as {@code /tmp} is one. */
    private static Path host(PlantedPlace place) throws IOException {
        Path host = Files.createDirectories(place.root().resolve("host"));
        Files.setAttribute(host, "unix:mode", 01777);
        return host;
    }

    /** Does what can be done with them. */
    static void lock(PlantedPlace place) throws Exception {
        Environment environment =
                Environment.system().withVariable("KTSTR_LOCK_DIR", host(place).toString());
        HostLocks locks = HostLocks.of(environment);
        Flock flock = locks.named("x", environment, event -> {});
        for (FlockMode mode : FlockMode.values()) {
            PlantedPlace.attempt(() -> {
                try (LockGuard guard = flock.tryAcquire(mode).orElseThrow()) {
                    flock.holders();
                    locks.named(LockSurvey.now(environment));
                    if (guard.mode() != mode) {
                        throw new IllegalStateException("it is locked " + guard.mode());
                    }
                }
            });
        }
        HostResources resources = HostResources.open(environment);
        PlantedPlace.attempt(() -> resources.reserveCpus(1, Duration.ZERO).close());
        PlantedPlace.attempt(() -> resources.reserveLlcs(1, Duration.ZERO).close());
        PlantedPlace.attempt(() -> locks.cpus(LockSurvey.now(environment)));
        PlantedPlace.attempt(() -> locks.llcs(LockSurvey.now(environment)));
    }
}
