package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.os.Inotify;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LockSurveyTest {
    private static final Pattern NAMES = Pattern.compile("(.+)\\.lock");

    @TempDir
    Path directory;

    private Path locks = Path.of("");

    @BeforeEach
    void name() throws IOException {
        locks = Files.createDirectory(directory.resolve("locks"));
    }

    private List<ListedLock> list() throws IOException {
        return LockSurvey.now(Environment.system()).list(locks, NAMES, locks.resolve("holders"));
    }

    private Path lockFile(String key) throws IOException {
        return Files.writeString(locks.resolve(key + ".lock"), "");
    }

    @Test
    void whatIsThereIsListedByNameHeldOrNot() throws Exception {
        lockFile("b");
        lockFile("c");
        Path held = lockFile("a");
        try (FlockProcess stranger = FlockProcess.hold(held, FlockMode.SHARED);
                LockGuard ours =
                        Flock.on(held).recordedIn(locks.resolve("holders")).acquire(FlockMode.SHARED)) {
            List<ListedLock> listed = list();

            assertThat(ours.mode()).isEqualTo(FlockMode.SHARED);
            assertThat(listed).extracting(ListedLock::name).containsExactly("a", "b", "c");
            assertThat(listed.get(0).lockFile()).isEqualTo(held);
            assertThat(listed.get(0).holders())
                    .extracting(LockHolder::pid)
                    .containsExactlyInAnyOrder(ProcessHandle.current().pid(), stranger.pid());
            assertThat(listed.get(0).holders())
                    .filteredOn(each -> each.since() != null)
                    .hasSize(1);
            assertThat(listed.get(0).holders())
                    .hasSameElementsAs(Flock.on(held)
                            .withHoldersIn(locks.resolve("holders"))
                            .holders());
            assertThat(listed.subList(1, 3)).allMatch(each -> each.holders().isEmpty());
        }
    }

    @Test
    void whatIsNoLockFileIsPassedOver() throws Exception {
        lockFile("a");
        Files.writeString(locks.resolve("b.txt"), "");
        Files.createDirectory(locks.resolve("c.lock"));
        Files.createSymbolicLink(locks.resolve("d.lock"), locks.resolve("a.lock"));

        assertThat(list()).extracting(ListedLock::name).containsExactly("a");
    }

    @Test
    void whereThereIsNoDirectoryThereAreNoLocks() throws Exception {
        LockSurvey survey = LockSurvey.now(Environment.system());
        Path file = lockFile("a");

        assertThat(survey.list(directory.resolve("absent"), NAMES, directory)).isEmpty();
        assertThat(survey.list(file, NAMES, directory)).isEmpty();
    }

    @Test
    @Timeout(
            value = 60,
            threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt does not end the wait for a pipe
    void aPipeInTheirPlaceIsNotWaitedFor() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertThat(LockSurvey.now(Environment.system()).list(pipe, NAMES, directory))
                .isEmpty();
    }

    @Test
    void noLockFileIsOpened() throws Exception {
        Path file = lockFile("a");
        try (LockGuard guard =
                        Flock.on(file).recordedIn(locks.resolve("holders")).acquire(FlockMode.SHARED);
                Inotify watch = Inotify.open()) {
            assertThat(guard.lockFile()).isEqualTo(file);
            watch.watchClose(file);
            assertThat(list()).hasSize(1);
            assertThat(watch.await(0)).isEmpty();
        }
    }

    @Test
    void lockFilesInALinkedDirectoryAreFound() throws Exception {
        Path file = lockFile("a");
        Path link = Files.createSymbolicLink(directory.resolve("link"), locks);
        try (FlockProcess holder = FlockProcess.hold(file, FlockMode.EXCLUSIVE)) {
            assertThat(LockSurvey.now(Environment.system()).list(link, NAMES, link.resolve("holders")))
                    .singleElement()
                    .satisfies(lock -> assertThat(lock.holders())
                            .extracting(LockHolder::pid)
                            .containsExactly(holder.pid()));
        }
    }

    @Test
    void tenThousandLockFilesWithAThousandHeldAreListed() throws Exception {
        List<LockGuard> guards = new ArrayList<>();
        try {
            for (int i = 0; i < 10_000; i++) {
                Path file = lockFile("key-" + i);
                if (i % 10 == 0) {
                    Flock flock = Flock.on(file);
                    guards.add((i % 100 == 0 ? flock.recordedIn(locks.resolve("holders")) : flock)
                            .acquire(FlockMode.SHARED));
                }
            }
            // What others release meanwhile can hide one of them, see ProcLocks; not again and again.
            List<ListedLock> listed = list();
            for (int i = 0; i < 10 && held(listed) < 1000; i++) {
                listed = list();
            }
            assertThat(listed).hasSize(10_000);
            assertThat(held(listed)).isEqualTo(1000);
            assertThat(listed)
                    .filteredOn(each -> each.holders().stream().anyMatch(holder -> holder.since() != null))
                    .hasSize(100);
        } finally {
            for (LockGuard guard : guards) {
                guard.close();
            }
        }
    }

    private static long held(List<ListedLock> listed) {
        return listed.stream().filter(each -> !each.holders().isEmpty()).count();
    }

    // Those of the host

    @Test
    void locksOfTheHostAreFoundByTheirNamesInTheOrderOfTheirNumbers() throws Exception {
        for (String name : List.of(
                "ktstr-llc-10.lock",
                "ktstr-llc-2.lock",
                "ktstr-llc-x.lock",
                "ktstr-llc-99999999999.lock",
                "ktstr-cpu-0.lock",
                "ktstr-lock-my-db_1.0.lock",
                "ktstr-lock-a b.lock",
                "other.lock")) {
            Files.writeString(locks.resolve(name), "");
        }
        Environment environment = Environment.of(Map.of("KTSTR_LOCK_DIR", locks.toString()), null);
        HostLocks host = HostLocks.of(environment);
        LockSurvey survey = LockSurvey.now(environment);

        assertThat(host.llcs(survey)).extracting(ListedLock::name).containsExactly("2", "10");
        assertThat(host.cpus(survey)).extracting(ListedLock::name).containsExactly("0");
        assertThat(host.named(survey)).extracting(ListedLock::name).containsExactly("my-db_1.0");
    }

    @Test
    void holdersOfTheHostsLocksAreInADirectoryBesideThem() throws Exception {
        Path file = locks.resolve("ktstr-lock-db.lock");
        HostLocks host = HostLocks.of(Environment.of(Map.of("KTSTR_LOCK_DIR", locks.toString()), null));
        try (LockGuard guard = Flock.on(file)
                .recordedIn(locks.resolve("ktstr-holders"))
                .forTest("FooIT")
                .acquire(FlockMode.EXCLUSIVE)) {
            assertThat(guard.lockFile()).isEqualTo(file);
            assertThat(host.named(LockSurvey.now(Environment.system())))
                    .singleElement()
                    .satisfies(lock -> assertThat(lock.holders())
                            .extracting(LockHolder::test)
                            .containsExactly("FooIT"));
        }
    }

    @Test
    void aLockDirectoryThatIsNoPathIsRefused() {
        assertThatExceptionOfType(EnvironmentException.class)
                .isThrownBy(() -> HostLocks.of(Environment.of(Map.of("KTSTR_LOCK_DIR", "/a\0b"), null)))
                .withMessageContaining("KTSTR_LOCK_DIR");
    }
}
