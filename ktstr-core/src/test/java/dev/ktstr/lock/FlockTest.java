package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.ktstr.ChildJvm;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.Inotify;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class FlockTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Path file = Path.of("");

    @BeforeEach
    void name() {
        file = directory.resolve("k.lock");
    }

    /** A thread that acquires; {@link #waiting} tells that it found the lock taken. */
    private static final class Waiter {
        private final BlockingQueue<KtstrEvent> events = new LinkedBlockingQueue<>();
        private final FutureTask<LockGuard> result;
        private final Thread thread;

        Waiter(Path file, FlockMode mode, Duration timeout) {
            Flock flock = Flock.on(file, Environment.system(), events::add);
            result = new FutureTask<>(() -> flock.acquire(mode, timeout));
            thread = new Thread(result, "waiter");
            thread.setDaemon(true);
            thread.start();
        }

        KtstrEvent.Waiting waiting() throws InterruptedException {
            return (KtstrEvent.Waiting) Objects.requireNonNull(events.poll(30, TimeUnit.SECONDS), "it did not wait");
        }

        LockGuard guard() throws Exception {
            return result.get(30, TimeUnit.SECONDS);
        }
    }

    private Flock flock() {
        return Flock.on(file);
    }

    private LockGuard heldByAnotherThread() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            return other.submit(() -> flock().acquire(FlockMode.EXCLUSIVE)).get();
        } finally {
            other.shutdown();
        }
    }

    private boolean isFree(FlockMode mode) throws KtstrException {
        try (LockGuard guard = flock().tryAcquire(mode).orElse(null)) {
            return guard != null;
        }
    }

    private LockTimeoutException timeout(Flock flock, FlockMode mode, Duration timeout) {
        return assertThatExceptionOfType(LockTimeoutException.class)
                .isThrownBy(() -> flock.acquire(mode, timeout))
                .actual();
    }

    /** Each reading is this much later than the one before. */
    private static Environment leaping(Duration step) {
        AtomicLong now = new AtomicLong();
        return Environment.system().withClocks(Environment.system().clock(), () -> now.getAndAdd(step.toNanos()));
    }

    @Test
    void whatGoesWrongBesidesLeavesNoLockBehind() throws Exception {
        Clock broken = new Clock() {
            @Override
            public Instant instant() {
                throw new IllegalStateException("no time");
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        };
        Flock flock = Flock.on(file, Environment.system().withClocks(broken, System::nanoTime), EventSink.logging())
                .recordedIn(directory.resolve("holders"));

        assertThatIllegalStateException().isThrownBy(() -> flock.acquire(FlockMode.EXCLUSIVE));
        assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
    }

    /** As a sweep finds it whose debris somebody else removes: to make it anew would leave some. */
    @Test
    void whoOnlyLooksMakesNoLockFileAlsoWhereItIsRemovedMeanwhile() throws Exception {
        FutureTask<Boolean> remover = new FutureTask<>(() -> {
            boolean isBack = false;
            for (int i = 0; i < 2000; i++) {
                Files.write(file, new byte[0]);
                Files.delete(file);
                isBack |= Files.exists(file);
            }
            return isBack;
        });
        new Thread(remover).start();
        while (!remover.isDone()) {
            flock().tryAcquireIfPresent(FlockMode.SHARED).ifPresent(LockGuard::close);
        }
        assertThat(remover.get()).isFalse();
        assertThat(file).doesNotExist();
    }

    // Modes

    @Test
    void twoSharedHoldersCoexistAndExcludeAnExclusiveOne() throws Exception {
        try (LockGuard one = flock().acquire(FlockMode.SHARED);
                LockGuard other = flock().acquire(FlockMode.SHARED)) {
            assertThat(one.mode()).isEqualTo(other.mode()).isEqualTo(FlockMode.SHARED);
            assertThat(flock().tryAcquire(FlockMode.EXCLUSIVE)).isEmpty();
        }
        assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
    }

    @Test
    void anExclusiveHolderExcludesEverybodyInTheSameJvmToo() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            assertThat(guard.lockFile()).isEqualTo(file);
            assertThat(flock().tryAcquire(FlockMode.EXCLUSIVE)).isEmpty();
            assertThat(flock().tryAcquire(FlockMode.SHARED)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SHARED, SHARED, true",
        "SHARED, EXCLUSIVE, false",
        "EXCLUSIVE, SHARED, false",
        "EXCLUSIVE, EXCLUSIVE, false"
    })
    void anotherProgramsLockCountsInTheSameWay(FlockMode theirs, FlockMode ours, boolean granted) throws Exception {
        try (FlockProcess child = FlockProcess.hold(file, theirs)) {
            assertThat(isFree(ours)).as("while %d holds it", child.pid()).isEqualTo(granted);
        }
        assertThat(isFree(ours)).isTrue();
    }

    @Test
    void flockOfUtilLinuxSeesOurs() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.SHARED)) {
            String name = guard.lockFile().toString();
            assertThat(new ProcessBuilder("flock", "-n", "-s", name, "true")
                            .start()
                            .waitFor())
                    .isZero();
            assertThat(new ProcessBuilder("flock", "-n", "-x", name, "true")
                            .start()
                            .waitFor())
                    .isEqualTo(1);
        }
    }

    // Guards

    @Test
    void closingAGuardTwiceDoesNotReleaseTheNextHoldersLock() throws Exception {
        LockGuard first = flock().acquire(FlockMode.EXCLUSIVE);
        first.close();
        try (LockGuard next = flock().acquire(FlockMode.EXCLUSIVE)) {
            first.close();
            assertThat(isFree(FlockMode.SHARED)).as("while %s is held", next).isFalse();
        }
    }

    @Test
    void aGuardMayBeClosedByAnotherThreadAndByManyAtOnce() throws Exception {
        LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE);
        CountDownLatch start = new CountDownLatch(1);
        List<FutureTask<Boolean>> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            FutureTask<Boolean> closer = new FutureTask<>(() -> {
                start.await();
                guard.close();
                return true;
            });
            closers.add(closer);
            new Thread(closer).start();
        }
        start.countDown();
        for (FutureTask<Boolean> closer : closers) {
            assertThat(closer.get(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
    }

    @Test
    void aKilledHoldersLockIsFree() throws Exception {
        FlockProcess holder = FlockProcess.hold(file, FlockMode.EXCLUSIVE);
        assertThat(isFree(FlockMode.SHARED)).isFalse();
        holder.kill();

        assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
    }

    @Test
    void aWaiterGetsTheLockWhenTheHolderIsKilled() throws Exception {
        FlockProcess holder = FlockProcess.hold(file, FlockMode.EXCLUSIVE);
        Waiter waiter = new Waiter(file, FlockMode.EXCLUSIVE, LONG);
        assertThat(waiter.waiting().holders()).contains("pid=" + holder.pid());
        holder.kill();

        try (LockGuard guard = waiter.guard()) {
            assertThat(guard.mode()).isEqualTo(FlockMode.EXCLUSIVE);
        }
    }

    @Test
    void aChildThatIsStartedMeanwhileDoesNotKeepTheLock() throws Exception {
        Process child;
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            assertThat(guard.mode()).isEqualTo(FlockMode.EXCLUSIVE);
            child = new ProcessBuilder("sh", "-c", "echo started; read end").start();
            assertThat(child.inputReader().readLine()).isEqualTo("started");
        }
        try {
            assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
            assertThat(child.isAlive()).isTrue();
        } finally {
            child.destroyForcibly().waitFor();
        }
    }

    // The lock file

    @Test
    void theLockFileIsCreatedEmptyAndWritableForAll() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.SHARED)) {
            assertThat(guard.lockFile()).isEmptyFile();
        }
        assertThat(file).isEmptyFile();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-rw-rw-");
    }

    @Test
    void makingAFlockTouchesNothing() {
        assertThat(Flock.on(file).describedAs("x", "y").holders()).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aFileThatIsThereKeepsContentAndMode() throws Exception {
        Files.writeString(file, "content");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            assertThat(guard.lockFile()).hasContent("content");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("r--r-----");
    }

    /** Root may open anything; what is tested then is only that nobody asks for more than reading. */
    @Test
    void aFileThatMayOnlyBeReadCanBeLockedExclusive() throws Exception {
        Files.writeString(file, "");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));

        assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
    }

    @Test
    void withoutItsDirectoryTheLockIsUnavailableAndTheMessageSaysHowToMakeIt() {
        Path orphan = directory.resolve("absent/k.lock");

        for (FlockMode mode : FlockMode.values()) {
            assertThatExceptionOfType(LockUnavailableException.class)
                    .isThrownBy(() -> Flock.on(orphan)
                            .describedAs("cache entry \"6.12\"", "")
                            .acquire(mode, LONG))
                    .withMessageContaining(
                            "locking cache entry \"6.12\": its lock file is absent and cannot be" + " created (ENOENT)")
                    .withMessageContaining("touch " + orphan)
                    .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LOCK_ABSENT))
                    .satisfies(refused -> assertThat(refused.path()).contains(orphan));
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void onAFilesystemThatCreatesNothingTheLockIsUnavailable() {
        assertThatExceptionOfType(LockUnavailableException.class)
                .isThrownBy(() -> Flock.on(Path.of("/proc/k.lock")).tryAcquire(FlockMode.SHARED))
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LOCK_ABSENT));
    }

    @Test
    void aReadOnlyFileOfTheSystemCanBeLockedWhereItIs() throws Exception {
        Path present = Path.of("/proc/self/status");
        try (LockGuard guard = Flock.on(present).tryAcquire(FlockMode.SHARED).orElseThrow()) {
            assertThat(guard.lockFile()).isEqualTo(present);
        }
    }

    @Test
    void aSymbolicLinkIsRefusedAsALockFileAndItsTargetStaysUntouched() throws Exception {
        Path target = directory.resolve("target");
        Files.createSymbolicLink(file, target);

        assertThatExceptionOfType(LockUnavailableException.class)
                .isThrownBy(() -> flock().tryAcquire(FlockMode.EXCLUSIVE))
                .withMessageContaining("ELOOP")
                .satisfies(failure -> assertThat(failure.remedy()).contains("remove it"));
        assertThat(target).doesNotExist();
        Files.writeString(target, "");
        assertThatExceptionOfType(LockUnavailableException.class)
                .isThrownBy(() -> flock().acquire(FlockMode.SHARED, LONG));
    }

    @Test
    void afterACleanerRemovedTheFileTheNextHolderLocksTheNewOne() throws Exception {
        try (LockGuard before = flock().acquire(FlockMode.EXCLUSIVE)) {
            Files.delete(file);
            try (LockGuard after = flock().acquire(FlockMode.EXCLUSIVE, Duration.ZERO)) {
                assertThat(after.lockFile()).isEqualTo(before.lockFile()).exists();
                assertThat(isFree(FlockMode.SHARED)).isFalse();
            }
            assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
        }
        assertThat(file).exists();
    }

    @Test
    void aWaiterOnARemovedFileOpensTheNewOneAndWaitsForItsHolder() throws Exception {
        FlockProcess old = FlockProcess.hold(file, FlockMode.EXCLUSIVE);
        Waiter waiter = new Waiter(file, FlockMode.EXCLUSIVE, LONG);
        waiter.waiting();
        Files.delete(file);
        try (LockGuard next = flock().acquire(FlockMode.EXCLUSIVE, Duration.ZERO)) {
            old.close();
            // It gets the old inode's lock now, must see that this is not the file of that name, and go on waiting.
            assertThat(waiter.result.isDone()).as("while %s is held", next).isFalse();
            assertThat(isFree(FlockMode.SHARED)).isFalse();
            assertThat(waiter.result.isDone()).isFalse();
        }
        try (LockGuard guard = waiter.guard()) {
            assertThat(guard.lockFile()).exists();
            assertThat(isFree(FlockMode.SHARED)).isFalse();
        }
    }

    @Test
    void aWaiterOnARemovedFileMakesANewOne() throws Exception {
        FlockProcess old = FlockProcess.hold(file, FlockMode.EXCLUSIVE);
        Waiter waiter = new Waiter(file, FlockMode.EXCLUSIVE, LONG);
        waiter.waiting();
        Files.delete(file);
        old.close();

        try (LockGuard guard = waiter.guard()) {
            assertThat(guard.lockFile()).exists();
            assertThat(isFree(FlockMode.SHARED)).isFalse();
        }
    }

    @Test
    void whileACleanerKeepsRemovingTheFileNobodyShares() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger rounds = new AtomicInteger();
        AtomicReference<String> trouble = new AtomicReference<>("");
        List<FutureTask<Boolean>> workers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            FutureTask<Boolean> worker = new FutureTask<>(() -> {
                for (int round = 0; round < 100; round++) {
                    try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE, LONG)) {
                        if (inside.incrementAndGet() != 1) {
                            trouble.set("two held " + guard.lockFile() + " at once");
                        }
                        rounds.incrementAndGet();
                        inside.decrementAndGet();
                        Files.deleteIfExists(file); // the cleaner: by the holder, so that it harms nobody inside
                    }
                }
                return true;
            });
            workers.add(worker);
            new Thread(worker).start();
        }
        for (FutureTask<Boolean> worker : workers) {
            assertThat(worker.get(60, TimeUnit.SECONDS)).isTrue();
        }

        assertThat(trouble).hasValue("");
        assertThat(rounds).hasValue(300);
    }

    // Timeouts

    @Test
    void theTimeoutsMessageIsTheContract() throws Exception {
        try (FlockProcess holder = FlockProcess.hold(file, FlockMode.SHARED)) {
            LockTimeoutException late = timeout(
                    flock().describedAs("cache entry \"6.12\"", "set KTSTR_CACHE_STORE_LOCK_TIMEOUT"),
                    FlockMode.EXCLUSIVE,
                    Duration.ofMillis(150));

            assertThat(late.getMessage())
                    .startsWith("KT-LOCK-01  flock LOCK_EX on cache entry \"6.12\" timed out after 150ms (lockfile "
                            + file + ", holders: \n  pid=" + holder.pid() + " cmd=flock -o -s " + file)
                    .contains(").\n  path  " + file + "\n  fix   set KTSTR_CACHE_STORE_LOCK_TIMEOUT\n");
            assertThat(late.code()).isEqualTo(ErrorCode.LOCK_TIMEOUT);
            assertThat(late.holders()).singleElement().satisfies(who -> {
                assertThat(who.pid()).isEqualTo(holder.pid());
                assertThat(who.mode()).isEqualTo(FlockMode.SHARED);
            });
        }
    }

    @Test
    void aSharedTimeoutSaysSo() throws Exception {
        try (FlockProcess holder = FlockProcess.hold(file, FlockMode.EXCLUSIVE)) {
            assertThat(timeout(flock(), FlockMode.SHARED, Duration.ZERO))
                    .hasMessageContaining("flock LOCK_SH on " + file + " timed out after 0s (lockfile " + file)
                    .hasMessageContaining("pid=" + holder.pid());
        }
    }

    @Test
    void ourOwnProcessIsNamedAsAHolder() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            assertThat(timeout(Flock.on(guard.lockFile()), FlockMode.SHARED, Duration.ZERO)
                            .holders())
                    .extracting(LockHolder::pid)
                    .containsExactly(ProcessHandle.current().pid());
        }
    }

    @ParameterizedTest
    @EnumSource(FlockMode.class)
    void aTimeoutOfZeroOrLessTriesOnce(FlockMode mode) throws Exception {
        flock().acquire(mode, Duration.ZERO).close();
        flock().acquire(mode, Duration.ofSeconds(-1)).close();
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            List<KtstrEvent> events = new ArrayList<>();
            Flock told = Flock.on(guard.lockFile(), Environment.system(), events::add);
            timeout(told, mode, Duration.ZERO);
            timeout(told, mode, Duration.ofSeconds(-1));
            assertThat(events).isEmpty();
        }
    }

    @Test
    void theTimeoutIsMeasuredByTheEnvironmentsTicker() throws Exception {
        try (LockGuard guard = heldByAnotherThread()) {
            Flock leaps = Flock.on(guard.lockFile(), leaping(Duration.ofHours(1)), event -> {});

            assertThat(timeout(leaps, FlockMode.SHARED, Duration.ofMinutes(90)))
                    .hasMessageContaining("timed out after 5400s");
        }
    }

    @Test
    void anEndlessTimeoutDoesNotOverflow() throws Exception {
        Duration endless = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
        flock().acquire(FlockMode.EXCLUSIVE, endless).close();
        LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE);
        Waiter waiter = new Waiter(file, FlockMode.EXCLUSIVE, endless);
        assertThat(waiter.waiting().limit()).isPositive();
        guard.close();

        waiter.guard().close();
    }

    @Test
    void anEndlessTimeoutCanBeWrittenWhenItEndsAfterAll() throws Exception {
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            Flock leaps = Flock.on(guard.lockFile(), leaping(Duration.ofDays(365L * 101)), event -> {});

            assertThat(timeout(leaps, FlockMode.SHARED, Duration.ofSeconds(Long.MAX_VALUE)))
                    .hasMessageContaining("timed out after");
        }
    }

    @Test
    void withoutATimeoutItWaits() throws Exception {
        LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE);
        BlockingQueue<KtstrEvent> events = new ArrayBlockingQueue<>(10);
        FutureTask<LockGuard> result = new FutureTask<>(
                () -> Flock.on(file, Environment.system(), events::add).acquire(FlockMode.SHARED));
        new Thread(result).start();
        assertThat(events.poll(30, TimeUnit.SECONDS)).isInstanceOf(KtstrEvent.Waiting.class);
        guard.close();

        result.get(30, TimeUnit.SECONDS).close();
    }

    // Waiting

    @Test
    void waitingIsToldOnceWithWhatAndWhom() throws Exception {
        List<KtstrEvent> events = new ArrayList<>();
        try (FlockProcess holder = FlockProcess.hold(file, FlockMode.EXCLUSIVE)) {
            Flock told =
                    Flock.on(file, leaping(Duration.ofMillis(150)), events::add).describedAs("cache entry \"k\"", "");
            timeout(told, FlockMode.SHARED, Duration.ofSeconds(2));

            assertThat(events).singleElement().isInstanceOfSatisfying(KtstrEvent.Waiting.class, waiting -> {
                assertThat(waiting.what()).isEqualTo("cache entry \"k\"");
                assertThat(waiting.lockFile()).isEqualTo(file);
                assertThat(waiting.holders()).startsWith("  pid=" + holder.pid() + " cmd=flock ");
                assertThat(waiting.limit()).isEqualTo(Duration.ofSeconds(2));
                assertThat(waiting.message())
                        .startsWith("waiting for cache entry \"k\" (")
                        .contains(" of at most 2s), held by:\n  pid=" + holder.pid());
            });
        }
    }

    @Test
    void aLongWaitIsToldAgainEveryHalfMinute() throws Exception {
        List<Duration> told = new ArrayList<>();
        EventSink sink = event -> told.add(((KtstrEvent.Waiting) event).waited());
        try (LockGuard guard = heldByAnotherThread()) {
            timeout(
                    Flock.on(guard.lockFile(), leaping(Duration.ofSeconds(10)), sink),
                    FlockMode.SHARED,
                    Duration.ofSeconds(100));
        }

        assertThat(told).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(40), Duration.ofSeconds(70));
    }

    @Test
    void nobodyIsToldOfALockThatIsFree() throws Exception {
        List<KtstrEvent> events = new ArrayList<>();
        Flock.on(file, Environment.system(), events::add)
                .acquire(FlockMode.EXCLUSIVE, LONG)
                .close();

        assertThat(events).isEmpty();
    }

    @Test
    void anInterruptEndsTheWaitAndTheFlagIsSetAgain() throws Exception {
        AtomicReference<Boolean> flag = new AtomicReference<>(false);
        BlockingQueue<KtstrEvent> events = new LinkedBlockingQueue<>();
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            Flock told = Flock.on(guard.lockFile(), Environment.system(), events::add);
            FutureTask<LockGuard> result = new FutureTask<>(() -> {
                try {
                    return told.acquire(FlockMode.SHARED, LONG);
                } finally {
                    flag.set(Thread.currentThread().isInterrupted());
                }
            });
            Thread thread = new Thread(result);
            thread.start();
            assertThat(events.poll(30, TimeUnit.SECONDS)).isNotNull();
            thread.interrupt();

            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> result.get(20, TimeUnit.SECONDS))
                    .havingCause()
                    .isInstanceOf(LockInterruptedException.class)
                    .withMessageContaining("waiting for " + file + ": the thread was interrupted")
                    .satisfies(
                            cause -> assertThat(((KtstrException) cause).code()).isEqualTo(ErrorCode.LOCK_INTERRUPTED));
            assertThat(flag).hasValue(true);
        }
        assertThat(isFree(FlockMode.EXCLUSIVE)).isTrue();
    }

    @Test
    void aThreadThatIsInterruptedAlreadyGetsAFreeLockAndKeepsItsFlag() throws Exception {
        Thread.currentThread().interrupt();
        try (LockGuard guard = flock().acquire(FlockMode.SHARED, LONG)) {
            assertThat(guard.mode()).isEqualTo(FlockMode.SHARED);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void whoIsWokenForNothingAgainAndAgainStillGetsTheLock() throws Exception {
        LockGuard guard = heldByAnotherThread();
        Waiter waiter = new Waiter(file, FlockMode.EXCLUSIVE, LONG);
        for (int i = 0; i < 100; i++) {
            Fd.openForReading(file).close();
            TimeUnit.MILLISECONDS.sleep(1);
        }
        assertThat(waiter.result.isDone()).isFalse();
        guard.close();

        waiter.guard().close();
    }

    @Test
    void theInterruptOfAThreadThatCameTooLateOftenEndsItsWait() throws Exception {
        try (LockGuard guard = heldByAnotherThread()) {
            Waiter waiter = new Waiter(guard.lockFile(), FlockMode.EXCLUSIVE, LONG);
            for (int i = 0; i < 30; i++) {
                Fd.openForReading(file).close();
                TimeUnit.MILLISECONDS.sleep(2);
            }
            waiter.thread.interrupt();

            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(waiter::guard)
                    .withCauseInstanceOf(LockInterruptedException.class);
        }
    }

    @Test
    void ofACrowdOfThreadsEachGetsItsTurnsAlone() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<FutureTask<Boolean>> crowd = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            FutureTask<Boolean> turns = new FutureTask<>(() -> {
                for (int turn = 0; turn < 10; turn++) {
                    try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE, LONG)) {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        assertThat(guard.lockFile()).exists();
                        inside.decrementAndGet();
                    }
                }
                return true;
            });
            crowd.add(turns);
            new Thread(turns).start();
        }
        for (FutureTask<Boolean> turns : crowd) {
            assertThat(turns.get(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(most).hasValue(1);
    }

    // Descriptors

    @Test
    void noAttemptLeavesADescriptorBehind() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        flock().acquire(FlockMode.SHARED).close();
        long before = descriptors();
        try (LockGuard guard = flock().acquire(FlockMode.EXCLUSIVE)) {
            for (int i = 0; i < 50; i++) {
                assertThat(flock().tryAcquire(FlockMode.SHARED)).isEmpty();
                timeout(Flock.on(guard.lockFile()), FlockMode.SHARED, Duration.ZERO);
                assertThatExceptionOfType(LockUnavailableException.class)
                        .isThrownBy(() -> Flock.on(link).tryAcquire(FlockMode.SHARED));
            }
        }

        assertThat(descriptors()).isLessThan(before + 10);
    }

    private static long descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @Test
    void aFifoInPlaceOfALockFileDoesNotBlockForEver() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                .isZero();
        FutureTask<Boolean> attempt = new FutureTask<>(() -> isFree(FlockMode.EXCLUSIVE));
        Thread thread = new Thread(attempt, "opens a FIFO");
        thread.setDaemon(true);
        thread.start();
        try {
            attempt.get(5, TimeUnit.SECONDS);
        } catch (ExecutionException refused) {
            assertThat(refused).hasCauseInstanceOf(KtstrException.class);
        } finally {
            // lets an open that hangs go on
            new ProcessBuilder("sh", "-c", "exec 3<>'" + file + "'").start().waitFor();
        }
    }

    @Test
    void variablesOfTheEnvironmentDoNotMatterHere() throws Exception {
        Flock.on(file, Environment.of(Map.of(), null), event -> {})
                .acquire(FlockMode.EXCLUSIVE, Duration.ZERO)
                .close();
    }

    // Waiting for oneself

    @Test
    void aThreadThatWouldWaitForItselfIsRefusedAtOnce() throws Exception {
        for (FlockMode held : FlockMode.values()) {
            try (LockGuard guard = flock().acquire(held)) {
                assertThatExceptionOfType(LockUnavailableException.class)
                        .isThrownBy(() -> flock().acquire(FlockMode.EXCLUSIVE))
                        .withMessageContaining("KT-LOCK-05")
                        .withMessageContaining(guard.lockFile().toString());
                assertThat(flock().tryAcquire(FlockMode.EXCLUSIVE)).isEmpty();
            }
        }
        flock().acquire(FlockMode.EXCLUSIVE).close();
    }

    @Test
    void anotherThreadOfThisProcessIsWaitedForAlsoIfItClosesWhatWeTook() throws Exception {
        LockGuard guard = flock().acquire(FlockMode.SHARED);
        Waiter waiter = new Waiter(file, FlockMode.EXCLUSIVE, Duration.ofSeconds(30));
        waiter.waiting();
        Thread closer = new Thread(guard::close);
        closer.start();
        closer.join();
        waiter.guard().close();
        flock().acquire(FlockMode.EXCLUSIVE).close();
    }

    // Where releases cannot be watched

    @Test
    void withNoInotifyInstanceLeftTheWaitEndsAllTheSame() throws Exception {
        List<Inotify> all = new ArrayList<>();
        try {
            while (all.size() < 100_000) {
                all.add(Inotify.open());
            }
        } catch (OsException exhausted) {
            assertThat(exhausted.errno()).isEqualTo(Errno.EMFILE);
        }
        // In another process: this one has its instance from earlier tests.
        try {
            ChildJvm.Outcome outcome =
                    ChildJvm.of(PollingWaiter.class, file.toString()).run();
            assertThat(outcome.output()).endsWith("true\n"); // before it, newer JDKs warn of native access
            assertThat(outcome.exitCode()).isZero();
        } finally {
            for (Inotify each : all) {
                each.close();
            }
        }
    }

    /** Prints whether it was warned, once its other thread has let go of the lock and it has it. */
    static final class PollingWaiter {
        public static void main(String[] arguments) throws Exception {
            Path file = Path.of(arguments[0]);
            LockGuard held = Flock.on(file).acquire(FlockMode.EXCLUSIVE);
            List<KtstrEvent> events = Collections.synchronizedList(new ArrayList<>());
            FutureTask<LockGuard> waiter = new FutureTask<>(() -> Flock.on(file, Environment.system(), events::add)
                    .acquire(FlockMode.EXCLUSIVE, Duration.ofSeconds(30)));
            new Thread(waiter).start();
            while (List.copyOf(events).stream().noneMatch(KtstrEvent.Waiting.class::isInstance)) {
                Thread.onSpinWait();
            }
            held.close();
            waiter.get().close();
            System.out.println(events.stream()
                    .anyMatch(event -> event instanceof KtstrEvent.Warning
                            && event.message().contains("max_user_instances")));
        }
    }
}
