package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One directory and several pid namespaces, as of containers that share a volume: {@code /proc/locks} shows nobody of
 * another one, and the same number is somebody else there.
 */
@Tag("kernel")
@Tag("root")
class NamespacedHoldersIT {
    private static final String OWN_PROC = "--mount-proc";

    /** Processes inside see that of the host, and call themselves by their numbers there. */
    private static final String PROC_OF_THE_HOST = "--fork";

    @TempDir
    Path directory;

    RealKernel kernel;
    KernelCache cache;

    @BeforeEach
    void storeTheKernel() throws Exception {
        Commands.requireRoot();
        kernel = RealKernel.require();
        cache = KernelCache.at(directory.resolve("kernels"));
        cache.store(kernel.request().key("k").build());
    }

    @Test
    void aTimeoutNamesAHolderOutsideOfTheNamespace() throws Exception {
        try (LockGuard writer = Flock.on(cache.root().resolve(".locks/k.lock"))
                .recordedIn(cache.root().resolve(".locks/holders"))
                .acquire(FlockMode.EXCLUSIVE)) {
            assertThat(Commands.finish(lease(OWN_PROC)))
                    .as("%s", writer)
                    .contains("flock LOCK_SH on cache entry \"k\" timed out after 200ms")
                    .containsPattern("\\n  pid=" + ProcessHandle.current().pid() + " cmd=\\S*java .*, since "
                            + "2[0-9-]{9}T[0-9:]{8}Z"
                            + " \\([0-9]+s ago\\), pid namespace "
                            + namespace(ProcessHandle.current().pid()) + ".*, host "
                            + Files.readString(Path.of("/proc/sys/kernel/hostname"))
                                    .strip() + "\\)");
        }
    }

    @Test
    void aTimeoutNamesHoldersInOtherNamespacesThatHaveTheSamePid() throws Exception {
        try (Inside one = new Inside(OWN_PROC);
                Inside other = new Inside(OWN_PROC)) {
            RealKernel changed = kernel.withConfig(directory.resolve("other"), "# other\n");
            List<String> command = new ArrayList<>(List.of("env", "KTSTR_CACHE_STORE_LOCK_TIMEOUT=200ms"));
            command.addAll(inside(OWN_PROC, StoreMain.class, StoreMain.arguments(cache.root(), "k", changed)));
            Process store = Commands.start(command);
            StoreMain.go(store);
            String message = Commands.finish(store);

            assertThat(message).contains("flock LOCK_EX on cache entry \"k\" timed out after 200ms");
            for (Inside each : List.of(one, other)) {
                assertThat(message)
                        .containsPattern(
                                "\\n  pid=1 cmd=\\S*java .*, since .*, pid namespace " + namespace(each.pid()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {OWN_PROC, PROC_OF_THE_HOST})
    void aHolderInANamespaceIsSeenOnceFromOutside(String proc) throws Exception {
        try (Inside one = new Inside(proc);
                Inside other = new Inside(proc);
                KernelLease ours = cache.lease("k")) {
            assertThat(holders())
                    .as("%s", ours)
                    .extracting(LockHolder::pid)
                    .containsExactlyInAnyOrder(
                            one.pid(), other.pid(), ProcessHandle.current().pid());
            assertThat(holders()).allSatisfy(who -> {
                assertThat(who.since()).isNotNull();
                assertThat(who.pidNamespace()).isNull();
            });
            one.kill();
            assertThat(holders())
                    .extracting(LockHolder::pid)
                    .doesNotContain(one.pid())
                    .hasSize(2);
        }
        assertThat(holders()).isEmpty();
    }

    /** A process in a pid namespace of its own that holds the kernel. */
    private final class Inside implements AutoCloseable {
        private final Process unshare;
        private final long pid;

        Inside(String proc) throws IOException {
            unshare = lease(proc);
            String line = unshare.inputReader().readLine();
            if (!"held k".equals(line)) {
                throw new IOException("the child does not hold the kernel: " + line);
            }
            pid = unshare.children().findFirst().orElseThrow().pid();
        }

        /** As it is called out here. */
        long pid() {
            return pid;
        }

        void kill() throws InterruptedException {
            ProcessHandle.of(pid).orElseThrow().destroyForcibly();
            unshare.waitFor();
        }

        @Override
        public void close() throws IOException, InterruptedException {
            unshare.getOutputStream().close();
            unshare.waitFor();
        }
    }

    private Process lease(String proc) throws IOException {
        return Commands.start(inside(proc, LeaseMain.class, cache.root().toString(), "k", "200"));
    }

    private static List<String> inside(String proc, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of("unshare", "--pid", "--fork", "--kill-child", proc));
        List<String> jvm = Commands.jvm(main, arguments);
        jvm.add(1, "-XX:-UsePerfData"); // its file is named by the pid, and several have one
        command.addAll(jvm);
        return command;
    }

    private static String namespace(long pid) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/pid"))
                .toString()
                .replaceAll("[^0-9]", "");
    }

    private List<LockHolder> holders() throws IOException {
        return cache.locks(LockSurvey.now(Environment.system())).stream()
                .filter(lock -> lock.name().equals("k"))
                .map(ListedLock::holders)
                .findFirst()
                .orElseThrow();
    }
}
