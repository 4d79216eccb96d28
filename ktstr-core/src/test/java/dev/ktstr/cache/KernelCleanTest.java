package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.os.Filesystems;
import dev.ktstr.publish.CleanReport;
import dev.ktstr.publish.FileTrees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCleanTest {
    @TempDir
    Path directory;

    StoreFixture fixture;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
    }

    private void threeKernelsAndACorruptOne() throws IOException {
        fixture.at("2026-04-10T00:00:00Z").store("oldest");
        fixture.at("2026-04-11T00:00:00Z").store("middle");
        fixture.at("2026-04-12T00:00:00Z").store("newest");
        Files.createDirectories(fixture.root.resolve("corrupt"));
    }

    @Test
    void anEmptyCacheHasNothingToClean() throws IOException {
        assertThat(clean(CleanPolicy.builder().all(true))).isEmpty();
        assertThat(fixture.root).doesNotExist();
    }

    @Test
    void allRemovesEverythingButTheLocks() throws IOException {
        threeKernelsAndACorruptOne();
        assertThat(clean(CleanPolicy.builder().all(true))).hasSize(4);
        assertThat(fixture.names()).isEmpty();
        assertThat(fixture.root.resolve(".locks/newest.lock")).exists();
    }

    @Test
    void withoutACriterionNothingIsRemoved() throws IOException {
        threeKernelsAndACorruptOne();
        CleanReport report = fixture.cache().clean(CleanPolicy.builder().build());
        assertThat(report.dryRun()).isTrue();
        assertThat(report.removed()).hasSize(4).allMatch(each -> each.bytes() >= 0);
        assertThat(fixture.names()).hasSize(4);
    }

    @Test
    void keepKeepsTheNewestAndNoCorruptOne() throws IOException {
        threeKernelsAndACorruptOne();
        assertThat(clean(CleanPolicy.builder().keep(2))).containsExactly("oldest", "corrupt");
        assertThat(fixture.names()).containsExactly("middle", "newest");
        assertThat(clean(CleanPolicy.builder().keep(5))).isEmpty();
        assertThat(clean(CleanPolicy.builder().keep(0))).containsExactly("newest", "middle");
    }

    @Test
    void olderThanGoesByTheTimeOfStoringAndKeepProtects() throws IOException {
        threeKernelsAndACorruptOne();
        fixture.at("2026-04-12T12:00:00Z");
        CleanPolicy.Builder old = CleanPolicy.builder().olderThan(Duration.ofDays(1));
        assertThat(clean(old.dryRun(true))).containsExactly("middle", "oldest");
        assertThat(clean(old.keep(2).dryRun(true))).containsExactly("oldest");
        assertThat(clean(CleanPolicy.builder().olderThan(Duration.ofDays(1)))).containsExactly("middle", "oldest");
        assertThat(fixture.names()).containsExactly("corrupt", "newest");
    }

    @Test
    void corruptOnlyAndKeyTakeWhatTheySay() throws IOException {
        threeKernelsAndACorruptOne();
        assertThat(clean(CleanPolicy.builder().corruptOnly(true))).containsExactly("corrupt");
        assertThat(clean(CleanPolicy.builder().key("middle"))).containsExactly("middle");
        assertThat(fixture.names()).containsExactly("newest", "oldest");
        assertThatThrownBy(() -> clean(CleanPolicy.builder().key("middle")))
                .isInstanceOf(EntryException.class)
                .hasMessageContaining("newest, oldest");
    }

    @Test
    void dryRunRemovesNothing() throws IOException {
        threeKernelsAndACorruptOne();
        assertThat(clean(CleanPolicy.builder().all(true).dryRun(true))).hasSize(4);
        assertThat(fixture.names()).hasSize(4);
    }

    @Test
    void criteriaThatContradictEachOtherAreRefused() {
        List<CleanPolicy.Builder> wrong = List.of(
                CleanPolicy.builder().all(true).keep(1),
                CleanPolicy.builder().corruptOnly(true).keep(1),
                CleanPolicy.builder().key("k").all(true),
                CleanPolicy.builder().keep(-1));
        for (CleanPolicy.Builder each : wrong) {
            assertThatThrownBy(each::build).isInstanceOf(KtstrException.class).hasMessageContaining("KT-ARG-01");
        }
    }

    @Test
    void anEntryUnderALeaseStaysAndItsHolderIsNamed() throws IOException {
        threeKernelsAndACorruptOne();
        try (KernelLease lease = fixture.cache().lease("middle")) {
            CleanReport report =
                    fixture.cache().clean(CleanPolicy.builder().all(true).build());
            assertThat(report.removed()).hasSize(3);
            assertThat(report.skipped()).singleElement().satisfies(skipped -> {
                assertThat(skipped.key()).isEqualTo("middle");
                assertThat(skipped.why())
                        .contains("pid=" + ProcessHandle.current().pid());
            });
            lease.check();
            assertThat(lease.verify().problems()).isEmpty();
        }
        assertThat(clean(CleanPolicy.builder().all(true))).containsExactly("middle");
    }

    @Test
    void ofALinkOnlyTheLinkGoes() throws IOException {
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("precious"), "");
        Files.createDirectories(fixture.root);
        Files.createSymbolicLink(fixture.root.resolve("link"), elsewhere);
        assertThat(clean(CleanPolicy.builder().all(true))).containsExactly("link");
        assertThat(elsewhere.resolve("precious")).exists();
    }

    @Test
    void templatesInASharedRootSurvive() throws IOException {
        threeKernelsAndACorruptOne();
        List<String> templates = List.of(
                "btrfs-256m-0123456789abcdef",
                "btrfs-256m-0123456789abcdef.tmp.4711",
                "btrfs-256m-0123456789abcdef.tmp.4711-01234567",
                "template.img.in-flight.x.4711-01234567");
        for (String name : templates) {
            Files.createDirectories(fixture.root.resolve(name));
        }
        assertThat(clean(CleanPolicy.builder().all(true))).hasSize(4);
        assertThat(fixture.names()).containsExactlyInAnyOrderElementsOf(templates);
    }

    @Test
    void debrisIsWhatNobodyHoldsTheLockOf() throws IOException {
        for (String name :
                List.of(".tmp-dead-1", ".tmp-dead-2147483647.0123abcd", ".tmp-live-1.0123abcd", ".tmp-k--12345")) {
            Files.createDirectories(fixture.root.resolve(name).resolve("deep"));
            Files.writeString(fixture.root.resolve(name).resolve("deep/file"), "");
        }
        for (String name : List.of(".tmp-", ".tmp-k", ".tmp-k-", ".tmp-k-x", ".tmp-k-0", ".tmp-k-1.xyz", ".other-1")) {
            Files.createDirectories(fixture.root.resolve(name));
        }
        Files.writeString(fixture.root.resolve(".tmp-file-1"), "a file");
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("precious"), "");
        Files.createSymbolicLink(fixture.root.resolve(".tmp-link-1"), outside);
        Files.createDirectories(fixture.root.resolve(".locks"));
        try (LockGuard held = Flock.on(fixture.root.resolve(".locks/live.lock")).acquire(FlockMode.EXCLUSIVE)) {
            assertThat(fixture.cache().orphans())
                    .extracting(path -> String.valueOf(path.getFileName()))
                    .containsExactlyInAnyOrder(".tmp-dead-1", ".tmp-dead-2147483647.0123abcd", ".tmp-k--12345");
            fixture.store("k");
            assertThat(held.mode()).isEqualTo(FlockMode.EXCLUSIVE);
            assertThat(fixture.cache().orphans()).isEmpty();
        }
        assertThat(fixture.names())
                .containsExactlyInAnyOrder(
                        ".tmp-live-1.0123abcd",
                        ".tmp-",
                        ".tmp-k",
                        ".tmp-k-",
                        ".tmp-k-x",
                        ".tmp-k-0",
                        ".tmp-k-1.xyz",
                        ".other-1",
                        ".tmp-file-1",
                        ".tmp-link-1",
                        "k");
        assertThat(outside.resolve("precious")).exists();
        fixture.cache().clean(CleanPolicy.builder().corruptOnly(true).build());
        assertThat(fixture.names()).doesNotContain(".tmp-live-1.0123abcd");
    }

    /** What is no text will never be one; what cannot be read at this moment, or by this user, may be a kernel. */
    @Test
    void metadataThatIsNoTextIsCorruptForGood() throws IOException {
        fixture.store("k");
        Files.write(fixture.root.resolve("k/metadata.json"), new byte[] {(byte) 0xff});
        assertThat(clean(CleanPolicy.builder().corruptOnly(true))).containsExactly("k");
    }

    @Test
    void debrisWhoseLockCannotBeTakenStopsNoStore() throws IOException {
        Files.createDirectories(fixture.root.resolve(".tmp-dead-1"));
        Files.createDirectories(fixture.root.resolve(".locks"));
        Files.createSymbolicLink(fixture.root.resolve(".locks/dead.lock"), directory.resolve("elsewhere"));
        assertThat(fixture.store("k").outcome()).isEqualTo(StoreResult.Outcome.STORED);
        assertThat(fixture.names()).containsExactly(".tmp-dead-1", "k");
        assertThat(fixture.warnings())
                .singleElement()
                .asString()
                .contains(".tmp-dead-1")
                .contains("ELOOP");
    }

    @Test
    void storingTheSameAgainRemovesWhatAKilledWriterOfItLeft() throws IOException {
        fixture.store("k");
        Files.createDirectories(fixture.root.resolve(".tmp-k-1.0123abcd"));
        assertThat(fixture.store("k").outcome()).isEqualTo(StoreResult.Outcome.ALREADY_STORED);
        assertThat(fixture.names()).containsExactly("k");
    }

    @Test
    void cleansAtTheSameTimeShareTheWork() throws Exception {
        int entries = 60;
        for (int i = 0; i < entries; i++) {
            fixture.original("k" + i, "{\"type\":\"tarball\"}");
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<CleanReport>> cleans = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            cleans.add(threads.submit(
                    () -> fixture.cache().clean(CleanPolicy.builder().all(true).build())));
        }
        int removed = 0;
        for (Future<CleanReport> clean : cleans) {
            assertThat(clean.get().failed()).isEmpty();
            removed += clean.get().removed().size();
        }
        threads.shutdown();
        assertThat(removed).isLessThanOrEqualTo(entries);
        assertThat(clean(CleanPolicy.builder().all(true))).hasSize(entries - removed);
        assertThat(fixture.names()).isEmpty();
    }

    @Test
    void anEntryOfTheOriginalWithAVeryLongNameCanBeRemoved() throws IOException {
        fixture.original("k".repeat(238), "{\"type\":\"tarball\"}");
        assertThat(clean(CleanPolicy.builder().all(true))).hasSize(1);
        assertThat(fixture.names()).isEmpty();
    }

    /** Such an entry is removed where it is; whoever may write to the store puts a link in its place meanwhile. */
    @Test
    void aLinkThatTakesThePlaceOfAnEntryThatCannotBeMovedLeadsNowhere() throws Exception {
        Path entry = fixture.root.resolve("k".repeat(238));
        Path elsewhere = Files.createDirectory(fixture.directory.resolve("elsewhere"));
        Path precious = Files.createFile(elsewhere.resolve("metadata.json"));
        Path link = fixture.directory.resolve("link");
        AtomicBoolean isOver = new AtomicBoolean();
        Thread swapping = new Thread(() -> {
            while (!isOver.get()) {
                try {
                    Filesystems.exchange(entry, link);
                } catch (IOException removed) {
                    Thread.onSpinWait();
                }
            }
        });
        swapping.start();
        for (int i = 0; i < 200 && Files.exists(precious); i++) {
            if (Files.notExists(entry, LinkOption.NOFOLLOW_LINKS)) {
                FileTrees.delete(link); // by now it may be the entry
                Files.createSymbolicLink(link, elsewhere);
                Files.move(fixture.original("made", "{\"type\":\"tarball\"}"), entry);
            }
            fixture.cache().clean(CleanPolicy.builder().all(true).build());
        }
        isOver.set(true);
        swapping.join();
        assertThat(precious).exists();
    }

    @Test
    void anAgeBeforeAllTimeRemovesNothing() throws IOException {
        fixture.store("k");
        assertThat(clean(CleanPolicy.builder().olderThan(Duration.ofSeconds(Long.MAX_VALUE))))
                .isEmpty();
    }

    @Test
    void anEntryThatCanNoLongerBeReadIsNotSaidToBeReplaced() throws IOException {
        fixture.store("k");
        CleanReport report = cleanWithAnAccidentAfterListing(() -> {
            Files.delete(fixture.root.resolve("k/metadata.json"));
            Files.createDirectory(fixture.root.resolve("k/metadata.json"));
        });
        assertThat(report.skipped()).isEmpty();
        assertThat(report.failed()).singleElement().asString().contains("metadata.json unreadable: EISDIR");
    }

    @Test
    void anEntryThatCannotBeFoundForAnErrorIsNotSaidToBeRemoved() throws IOException {
        fixture.store("k");
        CleanReport report = cleanWithAnAccidentAfterListing(() -> {
            Files.move(fixture.root, directory.resolve("away"));
            Files.createSymbolicLink(fixture.root, fixture.root); // as good as an error of the disk
        });
        assertThat(report.skipped()).isEmpty();
        assertThat(report.failed())
                .singleElement()
                .satisfies(failed -> assertThat(failed.why()).startsWith(ErrorCode.OS_CALL.id() + "  "));
    }

    @Test
    void anEntryThatIsGoneIsNotSaidToBeRemovedByOthersIfSomethingElseFailed() throws IOException {
        fixture.store("k");
        Path entry = fixture.root.resolve("k");
        Path locks = fixture.root.resolve(".locks");
        CleanReport report = cleanWithAnAccidentAfterListing(() -> {
            Files.move(entry, directory.resolve("away"));
            Files.move(locks, directory.resolve("locks"));
            Files.createFile(locks);
        });
        assertThat(report.skipped()).isEmpty();
        assertThat(report.failed())
                .singleElement()
                .satisfies(failed -> assertThat(failed.why()).contains(locks.toString()));
    }

    /** Something that happens to the cache. */
    private interface Accident {
        void happen() throws IOException;
    }

    /** Ages are looked at after the entries have been read, and before they are read again under their locks. */
    private CleanReport cleanWithAnAccidentAfterListing(Accident accident) throws IOException {
        AtomicBoolean happened = new AtomicBoolean();
        Clock clock = new Clock() {
            @Override
            public Instant instant() {
                try {
                    if (happened.compareAndSet(false, true)) {
                        accident.happen();
                    }
                } catch (IOException impossible) {
                    throw new UncheckedIOException(impossible);
                }
                return Instant.parse("2100-01-01T00:00:00Z");
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
        return KernelCache.at(fixture.root, Environment.of(Map.of(), directory).withClocks(clock, System::nanoTime))
                .withEvents(event -> {})
                .clean(CleanPolicy.builder().olderThan(Duration.ofDays(1)).build());
    }

    private List<String> clean(CleanPolicy.Builder policy) throws IOException {
        CleanReport report = fixture.cache().clean(policy.build());
        assertThat(report.failed()).isEmpty();
        return report.removed().stream().map(CleanReport.Removed::key).toList();
    }
}
