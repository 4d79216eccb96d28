package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.ListedEntry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our processes and those of another program, which does what the original does, on one store for a while. */
@Tag("gcc")
class PeerIT {
    private static final long SECONDS = Long.getLong("ktstr.it.peerSeconds", 60) / 2; // for each of two runs
    private static final List<String> KEYS = List.of("6.14.2-a", "6.14.2-b", "local-c-x86_64-kc1", "d");
    private static final String ONE = "1111111111111111";
    private static final String OTHER = "2222222222222222";

    @TempDir
    Path directory;

    Path root;
    MarkedKernel kernel;
    Peer peer;
    KernelCache cache;

    @BeforeEach
    void compile() throws Exception {
        kernel = MarkedKernel.make(directory);
        peer = Peer.compile(directory, kernel);
        root = directory.resolve("kernels");
        cache = KernelCache.at(root);
    }

    @Test
    void nothingIsLostOrTornWhereEverybodyAsksForLocks() throws Exception {
        Tally tally = runTogether(Mix.Mode.STRICT);
        assertThat(tally.of("jvm-warnings")).isZero();
        requireCounts(tally, "jvm-cleans", "jvm-removed", "peer-already", "jvm-already");
        assertThat(cache.list()).allMatch(ListedEntry.Valid.class::isInstance);
        requireUsableByBoth();
    }

    @Test
    void whatIsCleanedWithoutALockIsNoticedAndNeverTorn() throws Exception {
        Tally tally = runTogether(Mix.Mode.CLEANING);
        requireCounts(tally, "peer-cleaned");
        assertThat(tally.of("jvm-lost") + tally.of("peer-lost")).isPositive();
        requireUsableByBoth();
    }

    @Test
    void aLeaseNoticesWhatIsRemovedWithoutALock() throws Exception {
        for (String writer : List.of("theirs", "ours")) {
            peer.run("store", root, "theirs", ONE);
            cache.store(kernel.request(OTHER, directory).key("ours").build());
            try (KernelLease lease = cache.lease(writer)) {
                lease.check();
                // A clean under way: the rest, and so the metadata, is still there.
                Files.delete(lease.entry().vmlinux().orElseThrow());
                assertThatThrownBy(lease::check).as(writer).hasMessageContaining(ErrorCode.ENTRY_DAMAGED.id());
                assertThat(peer.run("clean", root)).isEqualTo("cleaned=2");
                assertThatThrownBy(lease::check).as(writer).hasMessageContaining(ErrorCode.ENTRY_DAMAGED.id());
            }
        }
    }

    @Test
    @Tag("strace")
    void aStoreOutlivesACleanOfWhatItIsAboutToReplace() throws Exception {
        Commands.requireProgram("strace");
        peer.run("store", root, "k", ONE);
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", "/dev/null"));
        command.addAll(List.of("-e", "inject=renameat2:delay_enter=1000000")); // microseconds
        command.addAll(MixMain.command(root, kernel, directory, 1, 1, Mix.Mode.STORING, List.of("k")));
        Process store = Commands.start(command);
        long cleaned = 0;
        try {
            while (!store.waitFor(50, TimeUnit.MILLISECONDS)) {
                boolean aboutToReplace = hasStaging("k-*");
                cleaned += aboutToReplace && peer.run("clean", root).equals("cleaned=1") ? 1 : 0;
            }
            assertThat(Commands.finish(store))
                    .containsPattern("stored=|replaced=")
                    .doesNotContain("Exception");
        } finally {
            store.destroyForcibly();
        }
        assertThat(cleaned).isPositive();
    }

    @Test
    void tornEntriesWouldBeFound() throws Exception {
        for (String key : KEYS) {
            peer.run("store", root, key, ONE);
        }
        cache.store(kernel.request(OTHER, directory).key("other").build());
        requireWhole(KEYS.get(0), ONE);
        requireWhole("other", OTHER);

        copy("other", KEYS.get(0), "vmlinux");
        copy("other", KEYS.get(1), "metadata.json");
        Path image = root.resolve(KEYS.get(2)).resolve("bzImage");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(file.length() - 1);
        }
        try (RandomAccessFile file = new RandomAccessFile(
                root.resolve(KEYS.get(3)).resolve("vmlinux").toFile(), "rw")) {
            byte[] content = new byte[(int) file.length()];
            file.readFully(content);
            file.seek(new String(content, StandardCharsets.ISO_8859_1).lastIndexOf(ONE));
            file.write(OTHER.getBytes(StandardCharsets.US_ASCII));
        }
        for (String key : KEYS) {
            assertThatThrownBy(() -> MarkedKernel.generation(cache.lookup(key).orElseThrow()))
                    .as(key)
                    .isInstanceOf(MarkedKernel.TornException.class);
            assertThatThrownBy(() -> peer.run("check", root, key)).as(key).hasMessageContaining("FAIL peer");
        }
    }

    @Test
    void stagingThatVanishesWouldBeFound() throws Exception {
        Process process = Commands.start(peer.command("pause", root, "k", ONE));
        assertThat(process.inputReader().readLine()).isEqualTo("staged");
        Commands.run("rm", "-r", root.resolve(".tmp-k-" + process.pid()).toString());
        process.getOutputStream().close();
        assertThat(Commands.finish(process)).contains("FAIL peer").contains("my staging vanished");
        assertThat(process.exitValue()).isEqualTo(1);
    }

    /** What came of it, once all have ended well and nothing but entries is left. */
    private Tally runTogether(Mix.Mode mode) throws Exception {
        long seed = Long.getLong("ktstr.it.seed", new Random().nextLong());
        Random random = new Random(seed);
        String cleans = mode == Mix.Mode.STRICT ? "strict" : "cleaning";
        Tally tally = new Tally();
        List<Process> ours = new ArrayList<>();
        List<Process> theirs = new ArrayList<>();
        try {
            for (int i = 0; i < 2; i++) {
                ours.add(Commands.start(mix(mode, random)));
            }
            for (int i = 0; i < 3; i++) {
                List<String> command = new ArrayList<>(peer.command(
                        "run", root, Long.toString(SECONDS), Integer.toString(random.nextInt(1, 1 << 20)), cleans));
                command.addAll(KEYS);
                theirs.add(Commands.start(command));
            }
            killStores(ours, random, tally);
            addUp("jvm-", ours, tally, seed);
            addUp("peer-", theirs, tally, seed);
        } finally {
            Stream.concat(ours.stream(), theirs.stream()).forEach(Process::destroyForcibly);
        }
        System.out.println(mode + ", seed " + seed + ":\n" + tally);
        requireCounts(
                tally,
                "kills",
                "jvm-stored",
                "jvm-replaced",
                "jvm-leases",
                "jvm-foreign-leases",
                "jvm-own-leases",
                "jvm-lookups",
                "jvm-lists",
                "jvm-swept-own",
                "jvm-swept-foreign",
                "peer-stored",
                "peer-replaced",
                "peer-lookups",
                "peer-runs",
                "peer-foreign-runs",
                "peer-swept");
        requireNoDebris();
        return tally;
    }

    private List<String> mix(Mix.Mode mode, Random random) {
        return MixMain.command(root, kernel, directory, SECONDS, random.nextLong(), mode, KEYS);
    }

    /** While the others run, processes of ours that only store, and are killed in the middle of it. */
    private void killStores(List<Process> others, Random random, Tally tally) throws Exception {
        while (others.stream().allMatch(Process::isAlive)) {
            Process store = Commands.start(mix(Mix.Mode.STORING, random));
            try {
                while (store.isAlive() && !hasStaging("*-" + store.pid())) {
                    TimeUnit.MILLISECONDS.sleep(1);
                }
                TimeUnit.MICROSECONDS.sleep(random.nextLong(2000));
            } finally {
                store.destroyForcibly().waitFor();
            }
            tally.add("kills");
            TimeUnit.MILLISECONDS.sleep(500); // starting JVMs is not to be all that is done meanwhile
        }
    }

    private boolean hasStaging(String keyAndPid) throws IOException {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(root, ".tmp-" + keyAndPid + ".*")) {
            return found.iterator().hasNext();
        } catch (NoSuchFileException noRootYet) {
            return false;
        }
    }

    private static void addUp(String prefix, List<Process> processes, Tally tally, long seed) throws Exception {
        for (Process process : processes) {
            String output = Commands.finish(process);
            assertThat(process.exitValue()).as("seed %d: %s", seed, output).isZero();
            tally.addLines(prefix, output);
        }
    }

    private static void requireCounts(Tally tally, String... names) {
        for (String name : names) {
            assertThat(tally.of(name)).as("%s of\n%s", name, tally).isPositive();
        }
    }

    /** Both sweep once more; then there are entries and free locks, and no more. */
    private void requireNoDebris() throws Exception {
        peer.run("sweep", root);
        cache.clean(CleanPolicy.builder().corruptOnly(true).build());
        try (Stream<Path> names = Files.list(root)) {
            assertThat(names.map(path -> path.getFileName().toString()))
                    .contains(".locks")
                    .isSubsetOf(
                            Stream.concat(KEYS.stream(), Stream.of(".locks")).toList());
        }
        assertThat(peer.run("free", root)).isEqualTo("free=" + KEYS.size());
    }

    /** Whatever is left, and one that each of us stores now. */
    private void requireUsableByBoth() throws Exception {
        for (ListedEntry entry : cache.list()) {
            requireWhole(entry.key(), peer.run("check", root, entry.key()));
        }
        peer.run("store", root, "theirs", ONE);
        requireWhole("theirs", ONE);
        cache.store(kernel.request(OTHER, directory).key("ours").build());
        requireWhole("ours", OTHER);
        assertThat(peer.run("check", root, "ours")).isEqualTo(OTHER);
    }

    private void requireWhole(String key, String generation) throws Exception {
        try (KernelLease lease = cache.lease(key)) {
            assertThat(MarkedKernel.generation(lease.entry())).isEqualTo(generation);
            assertThat(lease.verify().problems()).isEmpty();
        }
    }

    private void copy(String from, String to, String name) throws IOException {
        Files.copy(
                root.resolve(from).resolve(name), root.resolve(to).resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
}
