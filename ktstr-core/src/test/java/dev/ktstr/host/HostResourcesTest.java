package dev.ktstr.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockInterruptedException;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.lock.LockTimeoutException;
import dev.ktstr.lock.LockUnavailableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a machine of two sockets with four CPUs each, with real locks. */
@Timeout(60)
class HostResourcesTest {
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration LONG = Duration.ofSeconds(50);

    @TempDir
    Path directory;

    private final List<KtstrEvent> events = new CopyOnWriteArrayList<>();

    /** Whoever holds what this thread waits for is another thread. */
    private final ExecutorService others = Executors.newCachedThreadPool();

    private HostResources host;

    @BeforeEach
    void twoSockets() throws IOException {
        host = host(SysfsFixture.twoSockets(directory.resolve("sys")), Map.of());
    }

    @AfterEach
    void endThreads() {
        others.shutdownNow();
    }

    private HostResources host(SysfsFixture fixture, Map<String, String> variables) throws IOException {
        return new HostResources(fixture.topology(), environment(variables), events::add, null);
    }

    private Environment environment(Map<String, String> more) throws IOException {
        Map<String, String> variables = new HashMap<>(more);
        Path locks = Files.createDirectories(directory.resolve("locks"));
        variables.putIfAbsent("KTSTR_LOCK_DIR", locks.toString());
        variables.putIfAbsent("PATH", System.getenv("PATH"));
        return Environment.of(variables, null);
    }

    private Flock llc(int number) throws IOException {
        return HostLocks.of(environment(Map.of())).llc(number, Environment.system(), event -> {});
    }

    private Flock cpu(int number) throws IOException {
        return HostLocks.of(environment(Map.of())).cpu(number, Environment.system(), event -> {});
    }

    private <T> T elsewhere(Callable<T> work) throws Exception {
        return others.submit(work).get();
    }

    private void assertLocked(Flock lock, boolean forOthers, boolean forSharers) throws IOException {
        try (LockGuard exclusive = lock.tryAcquire(FlockMode.EXCLUSIVE).orElse(null)) {
            assertThat(exclusive == null).isEqualTo(forOthers);
        }
        try (LockGuard shared = lock.tryAcquire(FlockMode.SHARED).orElse(null)) {
            assertThat(shared == null).isEqualTo(forSharers);
        }
    }

    @Test
    void cpusAreLockedExclusiveAndTheirCachesShared() throws Exception {
        try (Reservation reserved = host.reserveCpus(2, AT_ONCE)) {
            assertThat(reserved.cpus()).containsExactly(0, 1);
            assertThat(reserved.llcs()).containsExactly(0);
            assertThat(reserved.memoryNodes()).containsExactly(0);
            assertLocked(llc(0), true, false);
            assertLocked(llc(1), false, false);
            assertLocked(cpu(1), true, true);
            assertLocked(cpu(2), false, false);
        }
        assertLocked(llc(0), false, false);
        assertLocked(cpu(0), false, false);
    }

    @Test
    void wholeCachesAreLockedExclusiveAndTheirCpusNotAtAll() throws Exception {
        try (Reservation reserved = host.reserveLlcs(1, AT_ONCE)) {
            assertThat(reserved.cpus()).containsExactly(0, 1, 2, 3);
            assertLocked(llc(0), true, true);
            assertThat(directory.resolve("locks/ktstr-cpu-0.lock")).doesNotExist();
            try (Reservation other = elsewhere(() -> host.reserveCpus(3, AT_ONCE))) {
                assertThat(other.cpus()).containsExactly(4, 5, 6); // the caches shared exclude it
            }
        }
    }

    @Test
    void theWindowSlidesPastWhatIsHeldAndPrefersOneCache() throws Exception {
        try (LockGuard held = cpu(1).acquire(FlockMode.EXCLUSIVE);
                Reservation reserved = elsewhere(() -> host.reserveCpus(3, AT_ONCE));
                Reservation wide = elsewhere(() -> host.reserveCpus(2, AT_ONCE))) {
            assertThat(held.lockFile()).hasFileName("ktstr-cpu-1.lock");
            assertThat(reserved.cpus()).containsExactly(4, 5, 6); // 2-4 are of two caches
            assertThat(wide.cpus()).containsExactly(2, 3);
        }
    }

    @Test
    void whatIsTakenIsAllOrNothing() throws Exception {
        try (LockGuard held = cpu(5).acquire(FlockMode.EXCLUSIVE)) {
            assertThatExceptionOfType(LockTimeoutException.class)
                    .isThrownBy(() -> reserveElsewhere(8, AT_ONCE))
                    .withMessageContainingAll(
                            "reserving 8 CPUs timed out after 0s",
                            "CPU 5 busy (LOCK_EX, lockfile " + held.lockFile(),
                            "pid=" + ProcessHandle.current().pid())
                    .satisfies(failure -> {
                        assertThat(failure.holders()).hasSize(1);
                        assertThat(failure.path()).contains(held.lockFile());
                    });
        }
        for (int i = 0; i < 8; i++) {
            assertLocked(cpu(i), false, false);
        }
        assertLocked(llc(0), false, false);
        assertLocked(llc(1), false, false);
    }

    private void reserveElsewhere(int count, Duration timeout) throws Throwable {
        try {
            elsewhere(() -> host.reserveCpus(count, timeout));
        } catch (ExecutionException failed) {
            throw failed.getCause();
        }
    }

    @Test
    void whatIsBusyIsWaitedForHoldingNothing() throws Exception {
        CompletableFuture<Reservation> waiting;
        try (LockGuard held = cpu(5).acquire(FlockMode.EXCLUSIVE)) {
            waiting = CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return host.reserveCpus(8, LONG);
                        } catch (IOException failed) {
                            throw new IllegalStateException(failed);
                        }
                    },
                    others);
            while (events.isEmpty()) {
                TimeUnit.MILLISECONDS.sleep(10); // the first message comes after a second
            }
            assertThat(waiting).isNotDone();
            assertThat(events)
                    .singleElement()
                    .satisfies(event ->
                            assertThat(event.message()).contains("waiting for reserving 8 CPUs", "CPU 5 busy"));
            // It tries now and then, and has it for an instant; otherwise others get it.
            try (LockGuard free = cpu(0).acquire(FlockMode.EXCLUSIVE, Duration.ofSeconds(10))) {
                assertThat(free.lockFile()).isNotEqualTo(held.lockFile());
            }
        }
        try (Reservation reserved = waiting.get(10, TimeUnit.SECONDS)) {
            assertThat(reserved.cpus()).hasSize(8);
        }
    }

    @Test
    void aThreadDoesNotWaitForItself() throws Exception {
        try (Reservation all = host.reserveCpus(8, AT_ONCE)) {
            assertThat(all.cpus()).hasSize(8);
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> host.reserveCpus(1, LONG))
                    .withMessageContaining("this thread has reserved CPUs already")
                    .withCauseInstanceOf(LockTimeoutException.class)
                    .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LOCK_SELF));
        }
        try (LockGuard own = cpu(3).acquire(FlockMode.EXCLUSIVE)) {
            assertThatExceptionOfType(LockUnavailableException.class)
                    .isThrownBy(() -> host.reserveCpus(8, LONG))
                    .withMessageContaining("this thread itself holds CPU 3")
                    .satisfies(refused -> assertThat(refused.path()).contains(own.lockFile()));
        }
        try (Reservation some = host.reserveCpus(4, AT_ONCE);
                Reservation rest = host.reserveCpus(4, AT_ONCE)) {
            assertThat(some.cpus()).doesNotContainAnyElementsOf(rest.cpus());
        }
    }

    @Test
    void aLockFileThatCannotBeOpenedIsPassedOver() throws Exception {
        Files.createSymbolicLink(directory.resolve("locks/ktstr-cpu-0.lock"), Path.of("elsewhere"));
        try (Reservation reserved = host.reserveCpus(2, AT_ONCE)) {
            assertThat(reserved.cpus()).containsExactly(1, 2);
        }
        assertThat(events)
                .singleElement()
                .satisfies(event -> assertThat(event.message()).contains("passing over CPU 0", "ktstr-cpu-0.lock"));
        assertThatExceptionOfType(LockUnavailableException.class)
                .isThrownBy(() -> host.reserveCpus(8, LONG))
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LOCK_ABSENT));
        assertLocked(cpu(1), false, false);
    }

    @Test
    void aPartIsOfItsOwnCachesAndStaysWithinTheWhole() throws Exception {
        try (Reservation all = host.reserveCpus(8, AT_ONCE)) {
            assertThat(all.part(4, 2).cpus()).containsExactly(4, 5);
            assertThat(all.part(4, 2).llcs()).containsExactly(1);
            assertThat(all.part(4, 0).confine(List.of("true"))).containsExactly("true");
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> all.part(7, 2));
            all.part(0, 8).close();
            assertLocked(cpu(0), true, true);
        }
    }

    @Test
    void aWaitCanBeInterrupted() throws Exception {
        try (LockGuard held = llc(0).acquire(FlockMode.EXCLUSIVE);
                LockGuard other = llc(1).acquire(FlockMode.EXCLUSIVE)) {
            assertThat(held.lockFile()).isNotEqualTo(other.lockFile());
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            Thread waiting = new Thread(() -> {
                try {
                    host.reserveCpus(1, LONG).close();
                } catch (IOException failed) {
                    failure.complete(failed);
                }
            });
            waiting.start();
            TimeUnit.MILLISECONDS.sleep(200);
            waiting.interrupt();
            assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(LockInterruptedException.class);
        }
    }

    @Test
    void nothingIsReservedForNothing() throws Exception {
        try (Reservation none = host.reserveCpus(0, AT_ONCE)) {
            assertThat(none.cpus()).isEmpty();
            assertThat(none.confine(List.of("true"))).containsExactly("true");
        }
        try (Stream<Path> files = Files.list(directory.resolve("locks"))) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void moreThanThereIsIsRefusedBeforeAnythingIsTouched() throws Exception {
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> host.reserveCpus(9))
                .withMessageContaining("reserving 9 CPUs: there are only 8 CPUs that this process may use");
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> host.reserveLlcs(3))
                .withMessageContaining("reserving 3 last-level caches: there are only 2");
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> host.reserveShare(OptionalInt.of(9), AT_ONCE))
                .withMessageContaining("there are only 8 CPUs");
        try (Stream<Path> files = Files.list(directory.resolve("locks"))) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void onlyAllowedCpusAreReserved() throws Exception {
        HostResources few =
                host(SysfsFixture.twoSockets(directory.resolve("few")).allowing("3,6-7"), Map.of());
        try (Reservation reserved = few.reserveCpus(2, AT_ONCE)) {
            assertThat(reserved.cpus()).containsExactly(6, 7); // of one cache
        }
        try (Reservation whole = few.reserveLlcs(2, AT_ONCE)) {
            assertThat(whole.cpus()).containsExactly(3, 6, 7);
        }
    }

    @Test
    void aShareIsThreeOfTenWithoutACap() throws Exception {
        try (Reservation share = host.reserveShare(OptionalInt.empty(), AT_ONCE);
                Reservation other = host.reserveShare(OptionalInt.empty(), AT_ONCE)) {
            assertThat(share.cpus()).containsExactly(0, 1, 2); // 2.4 of 8
            assertThat(host.share(OptionalInt.empty())).isEqualTo(3);
            assertThat(host.share(OptionalInt.of(5))).isEqualTo(5);
            assertThat(other.cpus()).isEqualTo(share.cpus()); // shares of the same cache
            assertLocked(llc(0), true, false);
            assertThat(directory.resolve("locks/ktstr-cpu-0.lock")).doesNotExist();
        }
    }

    @Test
    void aShareGoesWhereOthersHaveSharesAndNotWhereSomebodyIsAlone() throws Exception {
        try (LockGuard held = llc(1).acquire(FlockMode.SHARED);
                Reservation share = host.reserveShare(OptionalInt.of(2), AT_ONCE)) {
            assertThat(held.mode()).isEqualTo(FlockMode.SHARED);
            assertThat(share.cpus()).containsExactly(4, 5);
        }
        try (LockGuard alone = llc(1).acquire(FlockMode.EXCLUSIVE);
                Reservation share = elsewhere(() -> host.reserveShare(OptionalInt.of(2), AT_ONCE))) {
            assertThat(alone.mode()).isEqualTo(FlockMode.EXCLUSIVE);
            assertThat(share.cpus()).containsExactly(0, 1);
        }
    }

    @Test
    void aShareOfSeveralNodesWarns() throws Exception {
        try (Reservation share = host.reserveShare(OptionalInt.of(6), AT_ONCE)) {
            assertThat(share.cpus()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(share.memoryNodes()).containsExactly(0, 1);
        }
        assertThat(events)
                .singleElement()
                .satisfies(event -> assertThat(event.message()).contains("CPUs 0-5 are of several NUMA nodes"));
    }

    @Test
    void aPlanTakesNearNodesFirst() throws Exception {
        Topology four = SysfsFixture.withCpus(directory.resolve("four"), "0-7")
                .cache("0-1")
                .cache("2-3")
                .cache("4-5")
                .cache("6-7")
                .node(0, "0-1", "10 30 20 255")
                .node(1, "2-3", "30 10 20 20")
                .node(2, "4-5", "20 20 10 20")
                .node(3, "6-7", "255 20 20 10")
                .topology();
        assertThat(Share.plans(four, 4, List.of(0, 0, 0, 0)).get(0))
                .extracting(LastLevelCache::index)
                .containsExactly(0, 2);
        assertThat(Share.plans(four, 5, List.of(0, 0, 0, 2)).get(0))
                .extracting(LastLevelCache::index)
                .containsExactly(1, 2, 3);
        assertThat(Share.plans(four, 8, List.of(0, 1, 0, 2)))
                .singleElement()
                .asString()
                .contains("index=0", "index=3");
    }

    @Test
    void theVariableIsTheCapUnlessOneIsGiven() throws Exception {
        HostResources capped = host(SysfsFixture.twoSockets(directory.resolve("c")), Map.of("KTSTR_CPU_CAP", "5"));
        try (Reservation share = capped.reserveShare(OptionalInt.empty(), AT_ONCE)) {
            assertThat(share.cpus()).hasSize(5);
        }
        try (Reservation share = capped.reserveShare(OptionalInt.of(1), AT_ONCE)) {
            assertThat(share).hasToString("CPU 0");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "two", "1.5"})
    void aCapThatIsNoneIsRefused(String cap) throws Exception {
        HostResources capped = host(SysfsFixture.twoSockets(directory.resolve("c")), Map.of("KTSTR_CPU_CAP", cap));
        assertThatExceptionOfType(EnvironmentException.class)
                .isThrownBy(() -> capped.reserveShare(OptionalInt.empty(), AT_ONCE))
                .withMessageContaining(cap);
    }

    @Test
    void theBypassReservesAndConfinesNothingAndContradictsACap() throws Exception {
        HostResources bypassed =
                host(SysfsFixture.twoSockets(directory.resolve("b")), Map.of("KTSTR_BYPASS_LLC_LOCKS", "1"));
        try (LockGuard held = llc(0).acquire(FlockMode.EXCLUSIVE);
                Reservation cpus = elsewhere(() -> bypassed.reserveCpus(100, AT_ONCE));
                Reservation share = elsewhere(() -> bypassed.reserveShare(OptionalInt.empty(), AT_ONCE))) {
            assertThat(held.mode()).isEqualTo(FlockMode.EXCLUSIVE);
            assertThat(cpus.cpus()).hasSize(8);
            assertThat(share.cpus()).hasSize(8);
            assertThat(share.confine(List.of("make"))).containsExactly("make");
        }
        assertThatExceptionOfType(EnvironmentException.class)
                .isThrownBy(() -> bypassed.reserveShare(OptionalInt.of(2), AT_ONCE))
                .withMessageContaining("resource contract");
    }

    @Test
    void whoHasReservedIsNamedWithTheTest() throws Exception {
        HostLocks locks = HostLocks.of(environment(Map.of()));
        try (Reservation reserved = host.forTest("com.acme.JournalIT").reserveCpus(1, AT_ONCE)) {
            assertThat(reserved).hasToString("CPU 0");
            assertThat(locks.cpus(LockSurvey.now(Environment.system())))
                    .singleElement()
                    .satisfies(lock -> assertThat(lock.holders())
                            .singleElement()
                            .satisfies(holder -> assertThat(holder.test()).isEqualTo("com.acme.JournalIT")));
        }
        reservedTwiceClosedTwice();
    }

    private void reservedTwiceClosedTwice() throws IOException {
        Reservation reserved = host.reserveCpus(1, AT_ONCE);
        reserved.close();
        reserved.close();
        assertLocked(cpu(0), false, false);
    }

    @Test
    void aProgramIsConfinedWithAllThatItStarts() throws Exception {
        HostResources here = HostResources.open(environment(Map.of()));
        try (Reservation reserved = here.reserveCpus(1, AT_ONCE)) {
            Process process = new ProcessBuilder(
                            reserved.confine(List.of("sh", "-c", "sh -c 'grep Cpus_allowed_list /proc/self/status'")))
                    .start();
            assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("Cpus_allowed_list:\t" + reserved.cpus().get(0) + "\n");
        }
    }
}
