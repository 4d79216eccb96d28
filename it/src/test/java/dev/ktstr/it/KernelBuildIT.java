package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.KernelSource;
import dev.ktstr.cache.SourceTree;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockTimeoutException;
import dev.ktstr.maven.build.BuildOutcome;
import dev.ktstr.maven.build.BuildRequest;
import java.io.ByteArrayOutputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("kernel")
class KernelBuildIT {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final long MOMENT = 10_000;

    @TempDir
    Path directory;

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private Path log;
    private KernelCache cache;

    @BeforeEach
    void requirePrograms() {
        List.of("make", "gcc", "flex", "bison", "bc", "pahole").forEach(Commands::requireProgram);
        log = directory.resolve("build.log");
        cache = KernelCache.at(directory.resolve("kernels"));
    }

    private SmallTree tree() throws Exception {
        return SmallTree.commit(directory.toRealPath().resolve("linux"));
    }

    private BuildRequest request(SmallTree tree, Optional<Path> extra, boolean replace) {
        return request(tree, extra, replace, OptionalInt.empty(), true);
    }

    private BuildRequest request(
            SmallTree tree, Optional<Path> extra, boolean replace, OptionalInt cpuCap, boolean keepLog) {
        return new BuildRequest(
                tree.path(),
                extra,
                Optional.empty(),
                Optional.empty(),
                cpuCap,
                replace,
                TIMEOUT,
                Optional.empty(),
                log,
                keepLog);
    }

    private BuildOutcome build(SmallTree tree) throws Exception {
        return BuildMain.run(cache.root(), request(tree, Optional.empty(), false), lines::add);
    }

    private KernelEntry stored(BuildOutcome outcome) {
        assertThat(outcome).isInstanceOf(BuildOutcome.Stored.class);
        return ((BuildOutcome.Stored) outcome).result().entry();
    }

    private BuildOutcome.NotStored notStored(BuildOutcome outcome) throws Exception {
        assertThat(outcome).isInstanceOf(BuildOutcome.NotStored.class);
        assertThat(cache.list()).isEmpty();
        return (BuildOutcome.NotStored) outcome;
    }

    @Test
    void theFirstBuildStoresAndTheSecondFindsItStored() throws Exception {
        SmallTree tree = tree();
        KernelEntry entry = stored(build(tree));

        String commit = Commands.run("git", "-C", tree.path().toString(), "rev-parse", "--short=7", "HEAD")
                .strip();
        String hash = entry.metadata().ktstrKconfigHash();
        assertThat(entry.key())
                .isEqualTo("local-" + commit + "-" + entry.metadata().arch() + "-kc" + hash);
        assertThat(entry.metadata().source())
                .isEqualTo(new KernelSource.Local(tree.path().toString(), commit));
        assertThat(entry.metadata().extraKconfigHash()).isNull();
        assertThat(entry.metadata().vmlinuxStripped()).isTrue();
        assertThat(Files.readString(entry.config().orElseThrow())).contains("CONFIG_XFS_FS=y");
        assertThat(cache.verify(entry.key()).problems()).isEmpty();
        assertThat(lines)
                .contains("step 1: CC main.o")
                .anyMatch(line -> line.matches("building on \\d+ processors? of \\d+ .*"));
        assertThat(Files.readString(log)).contains("$ make -C").contains("  LD      vmlinux");
        lines.clear();

        BuildOutcome second = build(tree); // though there is a .config now
        assertThat(second).isInstanceOf(BuildOutcome.Hit.class);
        assertThat(((BuildOutcome.Hit) second).entry().key()).isEqualTo(entry.key());
        assertThat(lines).isEmpty();

        BuildOutcome again = BuildMain.run(cache.root(), request(tree, Optional.empty(), true), lines::add);
        assertThat(stored(again).key()).isEqualTo(entry.key());
        assertThat(((BuildOutcome.Stored) again).result().outcome()).isEqualTo(StoreResult.Outcome.REPLACED);
    }

    @Test
    void anotherConfigurationIsAnotherKernel() throws Exception {
        SmallTree tree = tree();
        Files.writeString(tree.config(), Files.readString(RealKernel.require().config()) + "CONFIG_OF_MINE=y\n");
        Path extra = Files.writeString(directory.resolve("extra"), "CONFIG_XFS_FS=m\n# CONFIG_SWAP is not set\n");
        KernelEntry plain = stored(build(tree));
        KernelEntry entry = stored(BuildMain.run(cache.root(), request(tree, Optional.of(extra), false), lines::add));

        assertThat(plain.key()).matches("local-[0-9a-f]{7,}-\\w+-cfg[0-9a-f]{8}-kc[0-9a-f]{8}");
        assertThat(entry.key()).matches("local-[0-9a-f]{7,}-\\w+-cfg[0-9a-f]{8}-kc[0-9a-f]{8}-xkc[0-9a-f]{8}");
        assertThat(entry.metadata().extraKconfigHash())
                .isNotNull()
                .isEqualTo(entry.key().substring(entry.key().length() - 8));
        assertThat(Files.readString(entry.config().orElseThrow()))
                .contains("CONFIG_OF_MINE=y")
                .contains("CONFIG_XFS_FS=m")
                .contains("# CONFIG_SWAP is not set");
    }

    @Test
    void aKernelInUseIsNotBuiltAgain() throws Exception {
        SmallTree tree = tree();
        KernelEntry entry = stored(build(tree));
        lines.clear();
        try (KernelLease held = cache.lease(entry.key())) {
            assertThatThrownBy(() -> BuildMain.run(cache.root(), request(tree, Optional.empty(), true), lines::add))
                    .isInstanceOf(LockTimeoutException.class)
                    .hasMessageContaining(entry.key());
            assertThat(held.entry().key()).isEqualTo(entry.key());
        }
        assertThat(lines).noneMatch(line -> line.startsWith("step"));
    }

    @Test
    void aTreeWithChangesIsBuiltAndNotStored() throws Exception {
        SmallTree tree = tree();
        tree.edit();
        BuildOutcome.NotStored outcome = notStored(build(tree));
        assertThat(outcome.why()).contains("changes that are in no commit");
        assertThat(outcome.remedy()).contains("git -C " + tree.path() + " stash -u");
        assertThat(lines).anyMatch(line -> line.startsWith("WARNING no commit will tell what is built here"));
        assertThat(tree.image()).exists();
    }

    @Test
    void aTreeWithoutGitIsBuiltAndNotStored() throws Exception {
        SmallTree tree = SmallTree.write(directory.resolve("linux"));
        assertThat(notStored(build(tree)).remedy()).contains("git -C " + tree.path() + " init");
        assertThat(tree.image()).exists();
    }

    @Test
    void aTreeInsideARepositoryIsBuiltAndNotStored() throws Exception {
        SmallTree tree = SmallTree.write(directory.resolve("linux"));
        Commands.run("git", "init", "-q", directory.toString());
        assertThat(notStored(build(tree)).why())
                .contains("part of the repository " + directory.toRealPath() + ", and not its top");
    }

    @Test
    void aFileThatGitDoesNotKnowIsAChange() throws Exception {
        SmallTree tree = tree();
        Files.writeString(tree.path().resolve("localversion-mine"), "-mine\n");
        assertThat(notStored(build(tree)).why()).contains("files that git neither tracks nor ignores");
    }

    @Test
    void whatSomebodyElseStoredMeanwhileIsLeftAlone() throws Exception {
        SmallTree tree = tree();
        SmallTree other = new SmallTree(directory.resolve("other"));
        tree.git("worktree", "add", "-q", other.path().toString());
        BuildOutcome outcome = meanwhile(tree, () -> stored(build(other)));
        assertThat(outcome).isInstanceOf(BuildOutcome.Hit.class);
        assertThat(((BuildOutcome.Hit) outcome).entry().recordedSourceTree())
                .contains(other.path().toRealPath());
    }

    @Test
    void aBadCapIsRefusedBeforeAnythingIsTouched() throws Exception {
        SmallTree tree = tree();
        assertThatThrownBy(() -> BuildMain.run(
                        cache.root(), request(tree, Optional.empty(), false, OptionalInt.of(0), true), lines::add))
                .hasMessageContaining("KT-ENV-03")
                .hasMessageContaining("must be ≥ 1 CPU (got 0)");
        assertThat(tree.config()).doesNotExist();
        assertThat(log).doesNotExist();
    }

    @Test
    void whereALinkLeadsNothingIsWritten() throws Exception {
        SmallTree tree = tree();
        String config = Files.readString(RealKernel.require().config());
        Path mine = Files.writeString(directory.resolve("mine"), config);
        Files.createSymbolicLink(tree.config(), mine);
        Files.writeString(tree.path().resolve("drop"), "CONFIG_XFS_FS\n");
        assertThatThrownBy(() -> build(tree)).hasMessageContaining("KT-BUILD-03");
        assertThat(tree.config()).isSymbolicLink();

        Files.delete(tree.path().resolve("drop"));
        assertThat(Files.readString(stored(build(tree)).config().orElseThrow())).contains("CONFIG_XFS_FS=y");
        assertThat(Files.readString(mine)).isEqualTo(config);
    }

    @Test
    void aLogThatVanishesIsNoReasonToFail() throws Exception {
        SmallTree tree = tree();
        stored(meanwhile(tree, () -> Files.delete(log)));
    }

    @Test
    void aLogThatNobodyWantsIsRemovedAfterASuccess() throws Exception {
        SmallTree tree = tree();
        BuildRequest request = request(tree, Optional.empty(), false, OptionalInt.empty(), false);
        Files.createFile(tree.path().resolve("fail"));
        assertThatThrownBy(() -> BuildMain.run(cache.root(), request, lines::add))
                .hasMessageContaining("KT-BUILD-02");
        assertThat(log).exists();
        Files.delete(tree.path().resolve("fail"));
        stored(BuildMain.run(cache.root(), request, lines::add));
        assertThat(log).doesNotExist();
    }

    @Test
    void whatIsEditedMeanwhileIsNotStored() throws Exception {
        SmallTree tree = tree();
        assertThat(notStored(meanwhile(tree, tree::edit)).why()).contains("edited while it was built");
    }

    @Test
    void whatIsCommittedMeanwhileIsNotStored() throws Exception {
        SmallTree tree = tree();
        assertThat(notStored(meanwhile(tree, () -> tree.git("commit", "-q", "--allow-empty", "-m", "second")))
                        .why())
                .contains("HEAD moved to ");
    }

    @Test
    void whatIsConfiguredMeanwhileIsNotStored() throws Exception {
        SmallTree tree = tree();
        assertThat(notStored(meanwhile(tree, () -> Files.writeString(tree.config(), "# other\n")))
                        .why())
                .contains(".config was changed");
    }

    @Test
    void whatGitCannotTellAnyMoreIsNotStored() throws Exception {
        SmallTree tree = tree();
        assertThat(notStored(meanwhile(tree, () -> Files.writeString(tree.path().resolve(".git/HEAD"), "nothing\n")))
                        .why())
                .contains("git can no longer tell");
    }

    private interface Action {
        void run() throws Exception;
    }

    private BuildOutcome meanwhile(SmallTree tree, Action action) throws Exception {
        tree.hold();
        CompletableFuture<BuildOutcome> build = CompletableFuture.supplyAsync(() -> {
            try {
                return build(tree);
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        tree.awaitHolding();
        action.run();
        tree.release();
        return build.get(1, TimeUnit.MINUTES);
    }

    @Test
    void optionsThatAreDroppedAreNamed() throws Exception {
        SmallTree tree = tree();
        Files.writeString(tree.path().resolve("drop"), "CONFIG_XFS_FS\nCONFIG_BTRFS_FS\n");
        assertThatThrownBy(() -> build(tree))
                .hasMessageContaining("KT-BUILD-03")
                .hasMessageContaining("dropped 2 options")
                .hasMessageContaining("CONFIG_XFS_FS=y (ktstr) became n")
                .hasMessageContaining("CONFIG_BTRFS_FS=y (ktstr) became n");
        assertThat(tree.config()).doesNotExist();
        assertThat(lines).noneMatch(line -> line.startsWith("step"));
    }

    @Test
    void whatIsNoSourceTreeIsRefused() throws Exception {
        SmallTree tree = tree();
        Files.delete(tree.path().resolve("Kbuild"));
        assertThatThrownBy(() -> build(tree))
                .hasMessageContaining("KT-BUILD-01")
                .hasMessageContaining("there is no Kbuild in it");
        assertThat(cache.root()).doesNotExist();
    }

    @Test
    void whatMakeComplainsAboutIsShown() throws Exception {
        SmallTree tree = tree();
        Files.createFile(tree.path().resolve("fail"));
        assertThatThrownBy(() -> build(tree))
                .hasMessageContaining("KT-BUILD-02")
                .hasMessageContaining("all ended with status 2 after ")
                .hasMessageContaining("main.c:1:1: error: it is to fail")
                .hasMessageContaining("path  " + log);
        Files.delete(tree.path().resolve("fail"));
        stored(build(tree));
    }

    @Test
    void whoComesSecondWaitsAndFindsItStored() throws Exception {
        SmallTree tree = tree();
        tree.hold();
        Process first = BuildMain.start(cache.root(), tree, directory.resolve("1.log"), "2m");
        tree.awaitHolding();
        Process second = BuildMain.start(cache.root(), tree, directory.resolve("2.log"), "2m");
        awaitLine("waiting for source tree " + tree.path(), second);
        awaitLine("pid=" + first.pid(), second);
        tree.release();

        assertThat(Commands.finish(first)).contains("step 2: LD vmlinux").contains("Stored[");
        assertThat(Commands.finish(second)).contains("Hit[").doesNotContain("step");
        assertThat(cache.list()).hasSize(1);
    }

    /** Reads to the end of the first line that has it, and not behind that. */
    private static void awaitLine(String part, Process process) throws Exception {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int read = process.getInputStream().read();
                read >= 0;
                read = process.getInputStream().read()) {
            if (read != '\n') {
                line.write(read);
            } else if (line.toString(StandardCharsets.UTF_8).contains(part)) {
                return;
            } else {
                line.reset();
            }
        }
        throw new AssertionError("it ended without: " + part);
    }

    @Test
    void whoWaitsTooLongIsToldWhoBuilds() throws Exception {
        SmallTree tree = tree();
        tree.hold();
        Process first = BuildMain.start(cache.root(), tree, directory.resolve("1.log"), "2m");
        tree.awaitHolding();
        try {
            assertThat(Commands.finish(BuildMain.start(cache.root(), tree, directory.resolve("2.log"), "300ms")))
                    .contains("KT-LOCK-01")
                    .contains("on source tree " + tree.path() + " timed out after 300ms")
                    .contains("pid=" + first.pid());
        } finally {
            first.destroyForcibly();
            awaitEnd(first);
            awaitNothingLeft(tree, MOMENT);
        }
    }

    private static void awaitEnd(Process process) throws InterruptedException {
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "KILL"})
    void nothingIsLeftOfABuildThatIsKilled(String signal) throws Exception {
        SmallTree tree = tree();
        tree.hold();
        Process build = BuildMain.start(cache.root(), tree, log, "2m");
        tree.awaitHolding();
        assertThat(tree.processes()).isNotEmpty();

        Commands.run("kill", "-" + signal, Long.toString(build.pid()));
        awaitEnd(build);
        awaitNothingLeft(tree, signal.equals("KILL") ? MOMENT : 0);
        try (AutoCloseable free =
                cache.sourceLock(SourceTree.of(tree.path())).acquire(FlockMode.EXCLUSIVE, Duration.ZERO)) {
            assertThat(free).isNotNull();
        }
        tree.release();
        stored(build(tree));
    }

    @Test
    void nothingIsLeftThoughSignalsAreIgnored() throws Exception {
        SmallTree tree = tree();
        tree.hold();
        Process build = BuildMain.start("--ignore-signal=TERM,INT,HUP", cache.root(), tree, log, "2m");
        tree.awaitHolding();
        build.destroyForcibly();
        awaitEnd(build);
        awaitNothingLeft(tree, MOMENT);
    }

    @Test
    void nothingIsLeftWhenTheShellInFrontIsKilled() throws Exception {
        SmallTree tree = tree();
        tree.hold();
        Process build = BuildMain.start(cache.root(), tree, log, "2m");
        tree.awaitHolding();
        ProcessHandle shell = build.toHandle()
                .children()
                .filter(ProcessHandle::isAlive)
                .findFirst()
                .orElseThrow();
        assertThat(shell.destroyForcibly()).isTrue();
        assertThat(Commands.finish(build)).contains("make -j").contains("all ended with status 137");
        awaitNothingLeft(tree, 0);
    }

    @Test
    void nothingIsLeftOfABuildThatIsInterrupted() throws Exception {
        SmallTree tree = tree();
        tree.hold();
        Thread building = Thread.currentThread();
        CompletableFuture<Void> interrupter = CompletableFuture.runAsync(() -> {
            try {
                tree.awaitHolding();
                building.interrupt();
                TimeUnit.MILLISECONDS.sleep(2);
                building.interrupt(); // somebody impatient
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        Throwable failure = catchThrowable(() -> build(tree));
        interrupter.join();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(failure).isInstanceOf(InterruptedIOException.class).hasMessageContaining("make was stopped");
        awaitNothingLeft(tree, 0);
    }

    /** After a kill -9 it is the watcher that notices, which takes a moment. */
    private static void awaitNothingLeft(SmallTree tree, long patience) throws Exception {
        for (long waited = 0; waited < patience && !tree.processes().isEmpty(); waited += 20) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(tree.processes()).isEmpty();
    }
}
