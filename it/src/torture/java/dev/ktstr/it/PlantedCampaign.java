package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Another user who may write to the store, or to the directory of the machine's locks, puts links, pipes and directories where
 * ours belong, before we work and while we do. What is in the store is theirs to spoil, by that; nothing else is, nobody waits
 * for ever, what is refused is refused under a code, and once it has been cleared up everything works.
 */
final class PlantedCampaign implements Campaign {
    /** On a busy machine a race may be over before the other user has come to anything. */
    private static final int ATTEMPTS = 3;

    /**
     * Where traps are.
     *
     * @param steps what is done there
     * @param afterwards what has to work again when the place has been cleared up
     */
    private record Site(
            Map<String, Plant> plants,
            Map<String, Race.Maker> races,
            Function<PlantedPlace, List<PlantedPlace.Step>> steps,
            Function<PlantedPlace, PlantedPlace.Step> afterwards) {}

    private static final List<Site> SITES = List.of(
            new Site(StoreTraps.plants(), StoreTraps.races(), PlantedPlace::everything, place -> place::storeWhole),
            new Site(
                    TemplateTraps.plants(),
                    TemplateTraps.races(),
                    place -> place.disks().everything(),
                    place -> place.disks()::newDisk),
            new Site(
                    LockTraps.plants(),
                    LockTraps.races(),
                    place -> List.of(() -> LockTraps.lock(place)),
                    place -> place::storeWhole));

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
        OpenRoots roots = new OpenRoots(kernel, trials);
        roots.run(arena.newDirectory(), "rwxrwxrwx", List.of("all users"));
        roots.run(arena.newDirectory(), "rwxrwxr-x", List.of("its group"));
        roots.run(arena.newDirectory(), "rwxr-xr-x", List.of());
        for (int i = 0; i < arena.extent().of(1, 50); i++) {
            for (Site site : SITES) {
                for (Map.Entry<String, Plant> trap : site.plants().entrySet()) {
                    PlantedPlace place = PlantedPlace.make(arena.newDirectory(), kernel);
                    trap.getValue().in(place);
                    Optional<String> problem = PlantedPlace.problem(site.steps().apply(place));
                    trials.fired(trap.getKey());
                    judge(trap.getKey(), place, problem, false, site, trials);
                }
            }
        }
        for (int i = 0; i < arena.extent().of(1, 300); i++) {
            for (Site site : SITES) {
                for (Map.Entry<String, Race.Maker> each : site.races().entrySet()) {
                    boolean isFired = false;
                    for (int attempt = 0; attempt < ATTEMPTS && !isFired; attempt++) {
                        PlantedPlace place = PlantedPlace.make(arena.newDirectory(), kernel);
                        isFired = race(each.getKey(), place, each.getValue().in(place), site, swap, trials);
                    }
                }
            }
        }
    }

    /** Whether anything was exchanged meanwhile. */
    private static boolean race(String kind, PlantedPlace place, Race race, Site site, Path swap, Trials trials)
            throws Exception {
        Optional<String> problem;
        long swapped;
        try (Swapper swapper = Swapper.start(swap, race.swapped())) {
            problem = PlantedPlace.problem(List.of(race.step()));
            swapped = swapper.stop();
        }
        if (swapped == 0) {
            trials.unfired(kind);
        } else {
            trials.fired(kind);
        }
        judge(kind, place, problem, race.isRenamed(), site, trials);
        return swapped > 0;
    }

    /** A place where nothing was wrong goes; the others are left, to be looked at. */
    private static void judge(
            String kind, PlantedPlace place, Optional<String> problem, boolean areNewAllowed, Site site, Trials trials)
            throws Exception {
        List<String> broken = new ArrayList<>();
        problem.ifPresent(broken::add);
        place.precious().harm(areNewAllowed).ifPresent(broken::add);
        place.lastingHarm(site.afterwards().apply(place)).ifPresent(broken::add);
        place.wrongWarning().ifPresent(broken::add);
        broken.forEach(what -> trials.violation(kind, what));
        if (broken.isEmpty()) {
            place.delete();
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
