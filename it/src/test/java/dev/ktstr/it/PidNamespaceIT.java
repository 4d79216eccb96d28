package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A container has pids of its own, and may share a store all the same: what is at work on the other side is no debris. */
@Tag("gcc")
@Tag("root")
class PidNamespaceIT {
    private static final List<String> NAMESPACE =
            List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--");
    private static final String GENERATION = "3333333333333333";

    @TempDir
    Path directory;

    Path root;
    MarkedKernel kernel;
    Peer peer;
    KernelCache cache;

    @BeforeEach
    void compile() throws Exception {
        Commands.requireRoot();
        Commands.requireProgram("unshare");
        kernel = MarkedKernel.make(directory);
        peer = Peer.compile(directory, kernel);
        root = directory.resolve("kernels");
        cache = KernelCache.at(root);
    }

    @Test
    void aStoreInAContainerSurvivesTheSweepsOutside() throws Exception {
        Process store = Commands.start(inNamespace(stores()));
        try {
            ProcessHandle jvm = onlyChild(store);
            List<String> staged = stopWhileStaging(jvm, 1); // a namespace's first process
            peer.run("sweep", root);
            cache.clean(CleanPolicy.builder().all(true).build());
            assertThat(staging()).isEqualTo(staged);
            signal("CONT", jvm);
            assertThat(Commands.finish(store)).containsPattern("stored=|replaced=");
            assertThat(store.exitValue()).isZero();
        } finally {
            store.destroyForcibly();
        }
        assertThat(cache.verify("k").problems()).isEmpty();
    }

    /** /proc/locks of the container shows no lock of ours, and its holder's pid says nothing there. */
    @Test
    void whatIsInUseOutsideIsNoOrphanInAContainer() throws Exception {
        Path staging = Files.createDirectories(root.resolve(".tmp-k-77.0123abcd"));
        Path disk = Files.createDirectories(root.resolve(".disks-77.0123abcd"));
        Path lock = Files.createFile(disk.resolve("lock"));
        Path entryLock = Files.createDirectories(root.resolve(".locks")).resolve("k.lock");
        Files.setLastModifiedTime(disk, FileTime.from(Instant.now().minusSeconds(90)));
        List<String> looks = inNamespace(Commands.jvm(OrphansMain.class, root.toString()));
        try (LockGuard used = Flock.on(lock).acquire(FlockMode.EXCLUSIVE);
                LockGuard stored = Flock.on(entryLock).acquire(FlockMode.EXCLUSIVE)) {
            assertThat(Commands.run(looks.toArray(String[]::new)))
                    .as("%s %s", used, stored)
                    .isEmpty();
        }
        assertThat(Commands.run(looks.toArray(String[]::new)).lines())
                .containsExactly(staging.toString(), disk.toString());
    }

    @Test
    void aStoreOutsideSurvivesTheSweepsInAContainer() throws Exception {
        Process store = Commands.start(stores());
        try {
            List<String> staged = stopWhileStaging(store.toHandle(), store.pid());
            run(inNamespace(peer.command("sweep", root)));
            run(inNamespace(Commands.jvm(CleanMain.class, root.toString())));
            assertThat(staging()).isEqualTo(staged);
            signal("CONT", store.toHandle());
            assertThat(Commands.finish(store)).containsPattern("stored=|replaced=");
            assertThat(store.exitValue()).isZero();
        } finally {
            store.destroyForcibly();
        }
        assertThat(cache.verify("k").problems()).isEmpty();
    }

    @Test
    void anOriginalInAContainerSurvivesOurSweepAndIsDebrisOnceItIsDead() throws Exception {
        Path staging = root.resolve(".tmp-k-1"); // a pid that is alive outside, but not this one's
        Process finishes = Commands.start(inNamespace(peer.command("pause", root, "k", GENERATION)));
        Process dies = null;
        try {
            assertThat(finishes.inputReader().readLine()).isEqualTo("staged");
            cache.clean(CleanPolicy.builder().all(true).build());
            assertThat(staging).isDirectory();
            finishes.getOutputStream().close();
            assertThat(Commands.finish(finishes)).isEqualTo("stored\n");
            assertThat(peer.run("check", root, "k")).isEqualTo(GENERATION);

            dies = Commands.start(inNamespace(peer.command("pause", root, "k", GENERATION.replace('3', '4'))));
            assertThat(dies.inputReader().readLine()).isEqualTo("staged");
            onlyChild(dies).destroyForcibly();
            dies.waitFor();
            assertThat(staging).isDirectory();
            cache.clean(CleanPolicy.builder().corruptOnly(true).build());
            assertThat(staging).doesNotExist();
            assertThat(peer.run("check", root, "k")).isEqualTo(GENERATION);
        } finally {
            finishes.destroyForcibly();
            if (dies != null) {
                dies.destroyForcibly();
            }
        }
    }

    private List<String> stores() {
        return MixMain.command(root, kernel, directory, 3, 1, Mix.Mode.STORING, List.of("k"));
    }

    private static List<String> inNamespace(List<String> command) {
        List<String> all = new ArrayList<>(NAMESPACE);
        all.addAll(command);
        return all;
    }

    private static void run(List<String> command) throws Exception {
        Commands.run(command.toArray(String[]::new));
    }

    private static ProcessHandle onlyChild(Process unshare) throws Exception {
        while (unshare.children().findAny().isEmpty()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return unshare.children().findAny().orElseThrow();
    }

    /** Stops a process at a moment when it has something in the works; what that is. */
    private List<String> stopWhileStaging(ProcessHandle store, long pidInName) throws Exception {
        while (store.isAlive()) {
            if (staging().isEmpty()) {
                TimeUnit.MICROSECONDS.sleep(100);
                continue;
            }
            signal("STOP", store);
            while (store.isAlive() && !isStopped(store)) {
                TimeUnit.MICROSECONDS.sleep(100);
            }
            List<String> staged = staging();
            if (!staged.isEmpty()) {
                assertThat(staged.get(0)).matches("\\.tmp-k-" + pidInName + "\\.[0-9a-f]{8}.*");
                return staged;
            }
            signal("CONT", store);
        }
        throw new IOException("the store ended too early");
    }

    /** A thread that is in a system call finishes that first. */
    private static boolean isStopped(ProcessHandle process) throws IOException {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path thread : threads) {
                String stat = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1); // proc(5)
                if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
                    return false;
                }
            }
        } catch (NoSuchFileException ended) {
            return false;
        }
        return true;
    }

    private static void signal(String name, ProcessHandle process) throws Exception {
        Commands.run("sh", "-c", "kill -" + name + " " + process.pid());
    }

    /** What is in the works in the store, with all that is in it. */
    private List<String> staging() throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(root, ".tmp-*")) {
            for (Path each : directories) {
                found.add(String.valueOf(each.getFileName()));
                try (Stream<Path> files = Files.list(each)) {
                    files.map(file -> each.getFileName() + "/" + file.getFileName())
                            .sorted()
                            .forEach(found::add);
                }
            }
        } catch (NoSuchFileException nothingYet) {
            return List.of();
        }
        return found;
    }
}
