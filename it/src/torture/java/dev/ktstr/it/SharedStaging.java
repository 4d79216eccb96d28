package dev.ktstr.it;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelFiles;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreContents;
import dev.ktstr.cache.StoreRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What stores of the original and of ours leave under way: it goes exactly when nobody holds its key's lock, whatever the
 * pid in its name is.
 */
final class SharedStaging {
    private static final String GENERATION = "57a9ed57a9ed57a9";
    private static final String KIND = "staging: ";

    private final Path root;
    private final Path directory;
    private final Peer peer;
    private final Promises promises;
    private final KernelCache cache;

    SharedStaging(Path root, Path directory, Peer peer, Promises promises) {
        this.root = root;
        this.directory = directory;
        this.peer = peer;
        this.promises = promises;
        this.cache = KernelCache.at(root);
    }

    void run() throws Exception {
        Files.createDirectories(root.resolve(".locks"));
        try (OtherProgram finishes = pause("finishes", peer.command("pause", root, "finishes", GENERATION));
                OtherProgram dies = pause("dies", peer.command("pause", root, "dies", GENERATION))) {
            deadAndAlive();
            requireStored(KIND + "of a live store of the original, kept", finishes, cache, "finishes");
            String staging = ".tmp-dies-" + dies.pid();
            boolean wasThere = Files.isDirectory(root.resolve(staging));
            dies.kill();
            sweep();
            promises.require(
                    KIND + "of a store of the original that was killed, swept",
                    wasThere && !names().contains(staging),
                    staging);
        }
        inAnotherNamespace();
        sweptByTheOriginal();
        locksStay();
    }

    /** In a root of its own: what lies in another one's root there, the original takes for debris. */
    private void inAnotherNamespace() throws Exception {
        KernelCache other = KernelCache.at(directory.resolve("staging-inside"));
        List<String> command = peer.command("pause", other.root(), "inside", GENERATION);
        try (PidNamespace namespace = PidNamespace.make();
                OtherProgram inside = pause("inside", namespace.inside(command))) {
            other.clean(CleanPolicy.builder().corruptOnly(true).build());
            requireStored(
                    KIND + "of a live store of the original in another pid namespace, kept", inside, other, "inside");
        }
    }

    /** The original takes what it finds behind the last dash of a name for a pid, and ours is none. */
    private void sweptByTheOriginal() throws Exception {
        List<String> before = names();
        StoreContents contents = new StoreContents() {
            @Override
            public InputStream openImage() throws IOException {
                return Files.newInputStream(peer.kernel().imageTemplate());
            }

            @Override
            public KernelFiles provide(Path scratch, Modules modules) throws IOException {
                List<String> ours = names();
                ours.removeAll(before);
                make(".tmp-theirs-2147483646");
                try {
                    peer.run("sweep", root);
                } catch (InterruptedException interrupted) {
                    throw new IOException(interrupted);
                }
                promises.require(
                        KIND + "of ours, kept by a sweep of the original",
                        ours.size() == 1 && names().containsAll(ours),
                        "there were " + ours + ", left are " + names());
                promises.require(
                        KIND + "of the original, swept by it",
                        !names().contains(".tmp-theirs-2147483646"),
                        "left are " + names());
                return new KernelFiles(peer.kernel().imageTemplate(), null, null, null);
            }
        };
        cache.store(StoreRequest.builder().key("provided").contents(contents).build());
        promises.require(
                KIND + "of ours, stored in the end", cache.verify("provided").isWhole(), "provided");
    }

    private void requireStored(String kind, OtherProgram store, KernelCache where, String key) throws Exception {
        String said = store.end();
        promises.require(
                kind,
                said.equals("stored")
                        && peer.run("check", where.root(), key).equals(GENERATION)
                        && where.verify(key).isWhole(),
                "it said " + said);
    }

    private void deadAndAlive() throws Exception {
        List<String> debris = new ArrayList<>(List.of(
                ".tmp-6.14.2-tarball-x86_64-2147483646", // of no process
                ".tmp-k-1", // of one that is alive, and stores nothing
                ".tmp-k-" + ProcessHandle.current().pid(),
                ".tmp-key--12345",
                ".tmp-a b-77",
                ".tmp-k-77.0123abcd"));
        List<String> names = List.of(
                ".tmp-",
                ".tmp-k",
                ".tmp-k-",
                ".tmp-k-0",
                ".tmp-k-abc",
                ".tmp-k-+5",
                ".tmp-k-77.0123ABCD",
                ".tmp-k-77.0123abc",
                ".tmp-k-12345678901",
                ".tmp--5",
                ".tmp-..-5",
                ".tmp-.x-5");
        for (String each : names) {
            make(each);
        }
        for (String each : debris) {
            make(each);
        }
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path precious = Files.writeString(elsewhere.resolve("precious"), "bytes");
        Files.createSymbolicLink(root.resolve(".tmp-k-79"), elsewhere);
        Files.writeString(root.resolve(".tmp-k-78"), "somebody's own");
        make(".tmp-written-80");
        make(".tmp-read-81");
        List<String> before = names();
        try (OtherProgram written = OtherProgram.holding(root, "written", "--exclusive");
                OtherProgram read = OtherProgram.holding(root, "read", "--shared")) {
            List<String> told = cache.orphans().stream()
                    .map(path -> path.getFileName().toString())
                    .toList();
            debris.add(".tmp-read-81");
            promises.requireSame(KIND + "told before it is swept", told, debris);
            debris.remove(".tmp-read-81");
            sweep();
            List<String> expected = new ArrayList<>(before);
            expected.removeAll(debris);
            promises.requireSame(KIND + "swept if its lock is free, else kept", names(), expected);
            promises.require(KIND + "links are not followed", Files.exists(precious), precious + " is gone");
            promises.require(KIND + "a lock was held", written.isAlive() && read.isAlive(), "flock(1) has ended");
        }
        sweep();
        promises.require(
                KIND + "swept as soon as its lock is free",
                !names().contains(".tmp-written-80") && !names().contains(".tmp-read-81"),
                "found " + names());
    }

    private void locksStay() throws IOException {
        List<String> locks = List.of("git-builder-x.lock", "source-0123abcd.lock", "finishes.lock", "k.lock");
        for (String each : List.of("git-builder-x.lock", "source-0123abcd.lock")) {
            Files.createFile(root.resolve(".locks").resolve(each));
        }
        cache.clean(CleanPolicy.builder().all(true).build());
        for (String each : locks) {
            promises.require(
                    "lock files: never removed",
                    Files.exists(root.resolve(".locks").resolve(each)),
                    each);
        }
    }

    private static OtherProgram pause(String name, List<String> command) throws IOException {
        return OtherProgram.start(name, command, "staged");
    }

    private void sweep() throws IOException {
        cache.clean(CleanPolicy.builder().corruptOnly(true).build());
    }

    private void make(String name) throws IOException {
        Files.writeString(Files.createDirectory(root.resolve(name)).resolve("bzImage"), "half a boot image");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            return new ArrayList<>(
                    all.map(path -> path.getFileName().toString()).toList());
        }
    }
}
