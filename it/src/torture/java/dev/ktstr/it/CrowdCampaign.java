package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Many processes on one store at once, half of them in another pid namespace: first all store one kernel at the same moment,
 * again and again; then all do everything, some of them as the original does it, and kill one another.
 */
final class CrowdCampaign implements Campaign {
    private static final String AFTERWARDS = "state afterwards";
    private static final String GENERATION = "00c0ffee00c0ffee";

    /** What a file system may take for itself: directories of locks and their holders, its own trees. */
    private static final long SLACK = 2 << 20;

    @Override
    public String name() {
        return "crowd";
    }

    @Override
    public String title() {
        return "crowd: many processes at once, in two pid namespaces, and of the original's kind";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        Path directory = arena.newDirectory();
        MarkedKernel kernel = MarkedKernel.make(directory);
        Peer peer = Peer.compile(directory, kernel);
        Random random = arena.random();
        try (HostMount mount = HostMount.of(HostMount.Kind.XFS, arena.newDirectory())) {
            Path root = mount.path().resolve("store");
            long before = used(mount.path());
            List<String> keys;
            try (PidNamespace namespace = PidNamespace.make()) {
                try (CrowdRounds rounds = new CrowdRounds(root, kernel, directory, trials)) {
                    rounds.start(arena.extent().of(16, 64), namespace);
                    rounds.run(arena.extent().of(8, 200), random);
                }
                CrowdMix mix = new CrowdMix(root, peer, directory, namespace, trials, random, arena.extent());
                mix.run(Duration.ofSeconds(arena.extent().of(8, 300)));
                mix.count();
                keys = mix.keys();
            }
            for (String problem : problems(root, peer, keys, directory)) {
                trials.violation(AFTERWARDS, problem);
            }
            long lost = lost(mount.path(), before);
            if (lost > SLACK) {
                trials.violation(AFTERWARDS, "with everything removed, " + lost + " bytes are still used");
            }
            trials.fired(AFTERWARDS);
        }
    }

    /** Of the store as the crowd has left it; removes everything in the end. */
    private static List<String> problems(Path root, Peer peer, List<String> keys, Path scratch) throws Exception {
        List<String> problems = new ArrayList<>();
        KernelCache cache = KernelCache.at(root);
        DiskTemplates templates = DiskTemplates.at(root);
        for (ListedEntry each : cache.list()) {
            examine(cache, each, problems);
        }
        cache.clean(CleanPolicy.builder().corruptOnly(true).build()); // sweeps besides
        templates.clean(false);
        leftBehind(root, keys).forEach(name -> problems.add(name + " is left after a sweep"));
        heldLocks(cache).forEach(lock -> problems.add(lock + ", and nobody is there any more"));
        records(root).forEach(record -> problems.add(record + " is left of a holder, though it was looked at"));
        for (String key : keys) {
            peer.run("store", root, key, "1".repeat(MarkedKernel.DIGITS));
            cache.store(peer.kernel().request(GENERATION, scratch).key(key).build());
            try (KernelLease lease = cache.lease(key)) {
                if (!peer.run("check", root, key).equals(GENERATION)
                        || !MarkedKernel.generation(lease.entry()).equals(GENERATION)) {
                    problems.add(key + " is not what was stored last");
                }
                problems.addAll(lease.verify().problems());
            }
        }
        peer.run("free", root); // fails, and says which is not
        cache.clean(CleanPolicy.builder().all(true).build());
        leftBehind(root, List.of()).forEach(name -> problems.add(name + " is left after all was removed"));
        return problems;
    }

    private static void examine(KernelCache cache, ListedEntry listed, List<String> problems) throws Exception {
        if (listed instanceof ListedEntry.Corrupt corrupt) {
            problems.add(corrupt.toString());
            return;
        }
        cache.verify(listed.key()).problems().forEach(problem -> problems.add(listed.key() + ": " + problem));
        try (KernelLease lease = cache.lease(listed.key())) {
            MarkedKernel.generation(lease.entry());
        } catch (MarkedKernel.TornException torn) {
            problems.add(torn.getMessage());
        }
    }

    private static List<String> leftBehind(Path root, List<String> keys) throws IOException {
        try (Stream<Path> names = Files.list(root)) {
            return names.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(".locks") && !keys.contains(name))
                    .toList();
        }
    }

    /** Held, or recorded as held. */
    private static List<String> heldLocks(KernelCache cache) throws IOException {
        return cache.locks(LockSurvey.now(Environment.system())).stream()
                .filter(lock -> !lock.holders().isEmpty())
                .map(ListedLock::toString)
                .toList();
    }

    /** Those that somebody was about to write stay for a minute. */
    private static List<Path> records(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root.resolve(".locks/holders"))) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().startsWith("."))
                    .toList();
        }
    }

    private static long used(Path mount) throws IOException {
        FileStore store = Files.getFileStore(mount);
        return store.getTotalSpace() - store.getUnallocatedSpace();
    }

    /** Some file systems free in the background. */
    private static long lost(Path mount, long before) throws Exception {
        long lost = used(mount) - before;
        for (int tries = 0; lost > SLACK && tries < 50; tries++) {
            TimeUnit.MILLISECONDS.sleep(100);
            lost = used(mount) - before;
        }
        return lost;
    }
}
