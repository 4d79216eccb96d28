package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.StoreResult.Outcome;
import dev.ktstr.elf.TestVmlinux;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockTimeoutException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelStoreTest {
    @TempDir
    Path directory;

    StoreFixture fixture;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
    }

    @Test
    void openingACacheTouchesNothing() throws IOException {
        assertThat(fixture.cache().root()).isEqualTo(fixture.root).isAbsolute();
        assertThat(fixture.cache().list()).isEmpty();
        assertThat(fixture.cache().lookup("k")).isEmpty();
        assertThat(fixture.root).doesNotExist();
    }

    @Test
    void whatIsStoredIsFoundAgain() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        Path config = fixture.file("config", "# Linux/x86 6.12.1 Kernel Configuration\n");
        StoreResult result = fixture.cache()
                .store(fixture.request("k").vmlinux(vmlinux).config(config).build());

        assertThat(result.outcome()).isEqualTo(Outcome.STORED);
        KernelEntry entry = fixture.cache().lookup("k").orElseThrow();
        assertThat(entry.image()).hasSameBinaryContentAs(fixture.image);
        assertThat(entry.config().orElseThrow()).hasSameBinaryContentAs(config);
        KernelMetadata metadata = entry.metadata();
        assertThat(metadata.version()).isEqualTo("6.12.1");
        assertThat(metadata.arch()).isEqualTo("x86_64");
        assertThat(metadata.source()).isEqualTo(new KernelSource.Local(null, null));
        assertThat(metadata.builtAt()).isEqualTo("2026-04-12T10:00:00Z");
        assertThat(metadata.hasVmlinux()).isTrue();
        assertThat(metadata.vmlinuxStripped()).isTrue();
        assertThat(metadata.sourceVmlinuxSize()).isEqualTo(Files.size(vmlinux));
        assertThat(details(result).strip()).isEqualTo("keep-list");
        assertThat(details(result).release()).isEqualTo("6.12.0-test");
        assertThat(entry.vmlinux().orElseThrow()).isRegularFile();
        assertThat(Files.size(entry.vmlinux().orElseThrow()))
                .isEqualTo(details(result).vmlinuxSize());
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
        assertThat(List.of(fixture.image, vmlinux, config)).allMatch(Files::exists);
    }

    @Test
    void aKeyIsDerivedFromReleaseArchitectureAndImage() throws IOException {
        StoreResult result = fixture.cache()
                .store(StoreRequest.builder().image(fixture.image).build());
        String sha256 = Checksums.sha256(fixture.image);
        assertThat(result.entry().key()).isEqualTo("6.12.0-test-files-x86_64-" + sha256.substring(0, 8));
        assertThat(result.entry().metadata().hasVmlinux()).isFalse();
        assertThat(result.entry().vmlinux()).isEmpty();
        assertThat(result.entry().metadata().version()).isEqualTo("6.12.0-test");
    }

    @Test
    void theSameKernelIsNotStoredAgain() throws IOException {
        KernelEntry first = fixture.store("k").entry();
        StoreResult again = fixture.at("2026-05-01T00:00:00Z").store("k");
        assertThat(again.outcome()).isEqualTo(Outcome.ALREADY_STORED);
        assertThat(again.entry().metadata().builtAt())
                .isEqualTo(first.metadata().builtAt());
        assertThat(again.entry().identity().inode()).isEqualTo(first.identity().inode());
    }

    @Test
    void versionAndSourceDoNotMakeItAnotherKernel() throws IOException {
        fixture.store("k");
        StoreRequest request = fixture.request("k")
                .kernelVersion("6.99")
                .source(new KernelSource.Tarball())
                .build();
        assertThat(fixture.cache().store(request).outcome()).isEqualTo(Outcome.ALREADY_STORED);
    }

    @Test
    void replaceStoresTheSameKernelAgain() throws IOException {
        fixture.store("k");
        StoreRequest request =
                fixture.at("2026-05-01T00:00:00Z").request("k").replace(true).build();
        StoreResult result = fixture.cache().store(request);
        assertThat(result.outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(result.entry().metadata().builtAt()).isEqualTo("2026-05-01T00:00:00Z");
        assertThat(fixture.names()).containsExactly("k");
    }

    @Test
    void anotherConfigurationImageOrVmlinuxMakesItAnotherKernel() throws IOException {
        fixture.store("k");
        Path config = fixture.file("config", "CONFIG_A=y\n");
        assertThat(fixture.cache()
                        .store(fixture.request("k").config(config).build())
                        .outcome())
                .isEqualTo(Outcome.REPLACED);
        fixture.file("config", "CONFIG_B=y\n");
        assertThat(fixture.cache()
                        .store(fixture.request("k").config(config).build())
                        .outcome())
                .isEqualTo(Outcome.REPLACED);
        Path vmlinux = TestVmlinux.kernelWithoutBuildId(directory.resolve("vmlinux"), 1);
        StoreRequest withVmlinux =
                fixture.request("k").config(config).vmlinux(vmlinux).build();
        assertThat(fixture.cache().store(withVmlinux).outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.cache().store(withVmlinux).outcome()).isEqualTo(Outcome.ALREADY_STORED);
        TestVmlinux.kernelWithoutBuildId(vmlinux, 2);
        assertThat(fixture.cache().store(withVmlinux).outcome()).isEqualTo(Outcome.REPLACED);
        TestKernels.bzImage(fixture.image, TestVmlinux.BANNER + " and one more");
        assertThat(fixture.cache().store(withVmlinux).outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.names()).containsExactly("k");
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
    }

    @Test
    void otherKconfigFragmentsMakeItAnotherKernel() throws IOException {
        StoreResult built = fixture.cache()
                .store(fixture.request("k").kconfigHashes("01234567", null).build());
        assertThat(built.entry().metadata().ktstrKconfigHash()).isEqualTo("01234567");
        assertThat(built.entry().metadata().extraKconfigHash()).isNull();
        assertThat(fixture.cache()
                        .store(fixture.request("k")
                                .kconfigHashes("01234567", null)
                                .build())
                        .outcome())
                .isEqualTo(Outcome.ALREADY_STORED);
        StoreResult other = fixture.cache()
                .store(fixture.request("k")
                        .kconfigHashes("01234567", "89abcdef")
                        .build());
        assertThat(other.outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(other.entry().metadata().extraKconfigHash()).isEqualTo("89abcdef");
        assertThat(fixture.cache().store(fixture.request("k").build()).outcome())
                .isEqualTo(Outcome.REPLACED);
    }

    @Test
    void anEntryWithLessInItTakesThePlaceOfAFullerOneWithAWarning() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        Path config = fixture.file("config", "CONFIG_A=y\n");
        fixture.cache()
                .store(fixture.request("k").vmlinux(vmlinux).config(config).build());
        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.warnings()).singleElement().asString().contains("k had vmlinux and config");
    }

    @Test
    void anEntryOfTheOriginalIsReplacedBecauseItDoesNotSayWhatIsInIt() throws IOException {
        fixture.original("k", "{\"type\":\"tarball\"}");
        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.ALREADY_STORED);
    }

    @Test
    void aDamagedEntryIsNoReasonNotToStore() throws IOException {
        KernelEntry entry = fixture.store("k").entry();
        Files.write(entry.image(), new byte[] {1});
        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.REPLACED);
        Files.delete(entry.directory().resolve("metadata.json"));
        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
    }

    @Test
    void aVmlinuxThatIsNoElfIsStoredAsItIsWithAWarning() throws IOException {
        Path vmlinux = fixture.file("vmlinux", "no ELF at all");
        StoreResult result =
                fixture.cache().store(fixture.request("k").vmlinux(vmlinux).build());
        assertThat(result.entry().vmlinux().orElseThrow()).hasSameBinaryContentAs(vmlinux);
        assertThat(result.entry().metadata().vmlinuxStripped()).isFalse();
        assertThat(details(result).strip()).isEqualTo("none");
        assertThat(result.strip()).isEmpty();
        assertThat(fixture.warnings())
                .anySatisfy(warning -> assertThat(warning)
                        .contains("vmlinux strip failed")
                        .contains("caching unstripped")
                        .contains(vmlinux.toString()));
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
    }

    @Test
    void aRawEntryIsTriedAgainAndKeptIfThatStillFails() throws IOException {
        Path vmlinux = TestVmlinux.brokenKernel(directory.resolve("vmlinux"));
        StoreRequest request = fixture.request("k").vmlinux(vmlinux).build();
        KernelEntry raw = fixture.cache().store(request).entry();
        StoreResult again = fixture.cache().store(request);
        assertThat(again.outcome()).isEqualTo(Outcome.ALREADY_STORED);
        assertThat(again.entry().identity().inode()).isEqualTo(raw.identity().inode());
        assertThat(fixture.names()).containsExactly("k");
        assertThat(fixture.warnings().stream().filter(warning -> warning.contains("strip failed")))
                .hasSize(1);
    }

    @Test
    void aRawEntryIsReplacedAsSoonAsTheStripWorksAndKeepsWhatWeDoNotKnow() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        StoreRequest request = fixture.request("k").vmlinux(vmlinux).build();
        KernelEntry entry = fixture.cache().store(request).entry();
        Path metadata = entry.directory().resolve("metadata.json");
        Files.writeString(
                metadata,
                Files.readString(metadata)
                        .replace("\"keep-list\"", "\"none\"")
                        .replaceFirst("\\{", "{ \"from_the_future\": [1.10],"));
        StoreResult upgraded = fixture.cache().store(request);
        assertThat(upgraded.outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(details(upgraded).strip()).isEqualTo("keep-list");
        assertThat(Files.readString(metadata)).contains("from_the_future").contains("1.10");
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
    }

    /** Whoever may write to the store could put one there. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPipeThatTakesThePlaceOfWhatIsWrittenIsNotWaitedFor() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Path vmlinux = TestVmlinux.kernelWithoutSymbols(directory.resolve("vmlinux"));
        StoreRequest request = fixture.request("k").vmlinux(vmlinux).build();

        assertThatThrownBy(() -> whenStripFails(staging ->
                                Files.move(pipe, staging.resolve("vmlinux"), StandardCopyOption.REPLACE_EXISTING))
                        .store(request))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("somebody has put something else in its place");
        assertThat(fixture.names()).isEmpty();
    }

    @Test
    void aLinkThatTakesThePlaceOfStagingHasNothingRemovedWhereItLeads() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path precious = Files.writeString(elsewhere.resolve("vmlinux"), "precious");
        Path vmlinux = TestVmlinux.kernelWithSymbolsNowhere(directory.resolve("vmlinux"));
        StoreRequest request = fixture.request("k").vmlinux(vmlinux).build();

        assertThatThrownBy(() -> whenStripFails(staging -> {
                            Files.move(staging, directory.resolve("away"));
                            Files.createSymbolicLink(staging, elsewhere);
                        })
                        .store(request))
                .isInstanceOf(KtstrException.class);
        assertThat(precious).content().isEqualTo("precious");
    }

    private interface Trap {
        void in(Path staging) throws IOException;
    }

    /** A cache whose staging somebody changes when it is said that the keep list cannot be used: the target is there by then. */
    private KernelCache whenStripFails(Trap trap) {
        return fixture.cache().withEvents(event -> {
            if (event.message().contains("only its debug sections are removed")) {
                try (Stream<Path> all = Files.list(fixture.root)) {
                    trap.in(all.filter(path -> path.getFileName().toString().startsWith(".tmp-k-"))
                            .findFirst()
                            .orElseThrow());
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            }
        });
    }

    @Test
    void theOtherWayToStripIsRecordedAndWarnedAbout() throws IOException {
        Path vmlinux = TestVmlinux.kernelWithoutSymbols(directory.resolve("vmlinux"));
        StoreResult result =
                fixture.cache().store(fixture.request("k").vmlinux(vmlinux).build());
        assertThat(details(result).strip()).isEqualTo("debug-prefix");
        assertThat(result.entry().metadata().vmlinuxStripped()).isTrue();
        assertThat(fixture.warnings()).singleElement().asString().contains("only its debug sections are removed");
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
    }

    @Test
    void anUnstrippedVmlinuxIsWarnedAboutOncePerKey() throws IOException {
        Path vmlinux = fixture.file("vmlinux", "no ELF at all");
        KernelCache cache = fixture.cache();
        cache.store(fixture.request("a").vmlinux(vmlinux).build());
        cache.store(fixture.request("b").vmlinux(vmlinux).build());
        cache.lookup("a");
        cache.lookup("a");
        cache.lookup("b");
        fixture.store("c");
        cache.lookup("c");
        assertThat(fixture.warnings().stream().filter(warning -> warning.contains("using unstripped vmlinux")))
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../x",
                "a/b",
                "a\\b",
                "",
                " \t",
                ".",
                "..",
                "a..b",
                "a\0b",
                ".tmp-x",
                ".locks",
                "btrfs-256m-x",
                "raw-1m-x",
                "k.tmp.1",
                "template.img.in-flight.k.1-0",
                "source-0a1b2c3d",
                "git-builder-x",
                "a\nb"
            })
    void aKeyThatIsNotAllowedIsRefusedWithNothingOnDisk(String key) throws IOException {
        assertThatThrownBy(() -> fixture.store(key))
                .isInstanceOf(InvalidKeyException.class)
                .hasMessageContaining("KT-KEY-01");
        assertThat(fixture.root).doesNotExist();
        assertThat(fixture.cache().lookup(key)).isEmpty();
        assertThat(fixture.root).doesNotExist();
    }

    @Test
    void aKeyThatWouldNotFitIntoAFileNameIsRefused() throws IOException {
        assertThatThrownBy(() -> fixture.store("k".repeat(231))).isInstanceOf(InvalidKeyException.class);
        assertThat(fixture.store("k".repeat(230)).outcome()).isEqualTo(Outcome.STORED);
        assertThat(fixture.cache()
                        .store(fixture.request("k".repeat(230)).replace(true).build())
                        .outcome())
                .isEqualTo(Outcome.REPLACED);
    }

    @Test
    void filesThatCannotBeReadAreRefusedWithNothingOnDisk() throws IOException {
        Path absent = directory.resolve("absent");
        assertRefused(fixture.request("k").image(absent), ErrorCode.INPUT_UNUSABLE, absent);
        assertRefused(fixture.request("k").image(directory), ErrorCode.INPUT_UNUSABLE, directory);
        Path broken = Path.of("/proc/self/mem"); // whose first page reads as that of a broken disk
        assertRefused(fixture.request("k").image(broken), ErrorCode.INPUT_UNUSABLE, broken);
        assertRefused(fixture.request("k").vmlinux(absent), ErrorCode.INPUT_UNUSABLE, absent);
        assertRefused(fixture.request("k").config(absent), ErrorCode.INPUT_UNUSABLE, absent);
        Path text = fixture.file("text", "not a kernel");
        assertRefused(fixture.request("k").image(text), ErrorCode.IMAGE_UNKNOWN, text);
    }

    @Test
    void filesOfDifferentKernelsAreRefused() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        TestKernels.bzImage(fixture.image, "6.1.0-other (me@host) #1 SMP");
        assertRefused(fixture.request("k").vmlinux(vmlinux), ErrorCode.INPUT_DISAGREES, vmlinux);
        for (String heading : List.of("arm64 6.1.1", "x86 5.10.7")) {
            Path config = fixture.file("config", "# Linux/" + heading + " Kernel Configuration\n");
            assertRefused(fixture.request("k").config(config), ErrorCode.INPUT_DISAGREES, config);
        }
        Path program = Path.of("/bin/true");
        assertRefused(fixture.request("k").vmlinux(program), ErrorCode.INPUT_DISAGREES, program);
    }

    @Test
    void anImageWeDoNotKnowIsStoredForWhoeverNamesKeyAndVersion() throws IOException {
        Path text = fixture.file("text", "a kernel of the future");
        StoreResult result = fixture.cache()
                .store(fixture.request("k").image(text).kernelVersion("9.0").build());
        assertThat(result.entry().image()).hasSameBinaryContentAs(text);
        assertThat(result.entry().metadata().version()).isEqualTo("9.0");
    }

    @Test
    void aFileInTheEntrysPlaceIsLeftAlone() throws IOException {
        Files.createDirectories(fixture.root);
        Path taken = Files.writeString(fixture.root.resolve("k"), "mine");
        assertThatThrownBy(() -> fixture.store("k")).isInstanceOfSatisfying(KtstrException.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.TARGET_TAKEN);
            assertThat(failure.path()).contains(taken);
        });
        assertThat(taken).hasContent("mine");
        assertThat(fixture.names()).containsExactly("k");
    }

    @Test
    void aStagingDirectoryOfADeadWriterOfTheKeyIsReplacedAndAFileOfThatNameIsNot() throws IOException {
        Files.createDirectories(fixture.root.resolve(".tmp-k-4711/deep"));
        Files.createDirectories(fixture.root.resolve(".tmp-k-4711.0123abcd"));
        Files.writeString(fixture.root.resolve(".tmp-k-4712"), "a file");
        fixture.store("k");
        assertThat(fixture.names()).containsExactly(".tmp-k-4712", "k");
    }

    @Test
    void readersAlwaysFindOneWholeGenerationWhileTheEntryIsReplaced() throws Exception {
        List<StoreRequest> generations = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Path image = TestKernels.bzImage(directory.resolve("image" + i), TestVmlinux.BANNER + "x".repeat(5000 * i));
            Path config = fixture.file("config" + i, "CONFIG_" + i + "=y\n");
            generations.add(fixture.request("k")
                    .image(image)
                    .config(config)
                    .kernelVersion(Long.toString(Files.size(image)))
                    .build());
        }
        fixture.cache().store(generations.get(0));
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService readers = Executors.newFixedThreadPool(4);
        List<Future<Integer>> lookups = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            boolean leasing = i == 0;
            lookups.add(readers.submit(() -> {
                int count = 0;
                while (!done.get()) {
                    KernelMetadata metadata =
                            fixture.cache().lookup("k").orElseThrow().metadata();
                    assertThat(Objects.requireNonNull(metadata.jvm()).imageSize())
                            .hasToString(String.valueOf(metadata.version()));
                    if (leasing) {
                        try (KernelLease lease = fixture.cache().lease("k")) {
                            assertThat(lease.verify().problems()).isEmpty();
                        }
                    }
                    count++;
                }
                return count;
            }));
        }
        for (int i = 1; i <= 40; i++) {
            assertThat(fixture.cache().store(generations.get(i % 2)).outcome()).isEqualTo(Outcome.REPLACED);
        }
        done.set(true);
        for (Future<Integer> each : lookups) {
            assertThat(each.get()).isPositive();
        }
        readers.shutdown();
    }

    @Test
    void aFileThatChangesWhileItIsWaitedForIsNotStored() throws Exception {
        Path config = fixture.file("config", "CONFIG_A=y\n");
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        fixture.store("k");
        for (Path changing : List.of(config, vmlinux)) {
            StoreRequest request =
                    fixture.request("k").config(config).vmlinux(vmlinux).build();
            ExecutorService thread = Executors.newSingleThreadExecutor();
            Future<StoreResult> store;
            try (KernelLease held = fixture.cache().lease("k")) {
                store = thread.submit(() -> fixture.cache().store(request));
                while (List.copyOf(fixture.events).stream().noneMatch(KtstrEvent.Waiting.class::isInstance)) {
                    assertThat(store.isDone()).isFalse();
                    Thread.onSpinWait();
                }
                Files.write(changing, Files.readAllBytes(held.entry().image()), StandardOpenOption.APPEND);
            }
            assertThatThrownBy(store::get).cause().hasMessageContaining("KT-STORE-06");
            thread.shutdown();
            fixture.events.clear();
            assertThat(fixture.names()).containsExactly("k");
            assertThat(fixture.cache().verify("k").problems()).isEmpty();
        }
    }

    @Test
    void ofConcurrentStoresOfOneKernelOneWrites() throws Exception {
        Set<String> stamps = new HashSet<>();
        List<Outcome> outcomes = new ArrayList<>();
        for (StoreResult result : allAtOnce(8, i -> () -> fixture.store("k"))) {
            stamps.add(result.entry().metadata().builtAt()
                    + result.entry().identity().inode());
            outcomes.add(result.outcome());
        }
        assertThat(stamps).hasSize(1);
        assertThat(outcomes).containsOnlyOnce(Outcome.STORED);
    }

    @Test
    void concurrentStoresOfTwoKernelsUnderOneKeyNeverMix() throws Exception {
        Path a = fixture.file("a", "CONFIG_A=y\n");
        Path b = fixture.file("b", "CONFIG_B=y\n");
        for (StoreResult result : allAtOnce(8, i -> () -> {
            Path config = i % 2 == 0 ? a : b;
            StoreRequest request = fixture.request("k")
                    .config(config)
                    .kernelVersion(config.getFileName().toString())
                    .build();
            return fixture.cache().store(request);
        })) {
            KernelMetadata metadata = result.entry().metadata();
            Path config = "a".equals(metadata.version()) ? a : b;
            assertThat(metadata.configHash()).isEqualTo(Checksums.crc32(Files.readAllBytes(config)));
        }
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
        assertThat(fixture.names()).containsExactly("k");
    }

    @Test
    void whoWaitedForTheWriterOfTheSameKernelNeedsNoLockOfItsOwn() throws Exception {
        fixture.store("k");
        Path entry = fixture.root.resolve("k");
        Path away = Files.move(entry, directory.resolve("away"));
        Flock lock = Flock.on(fixture.root.resolve(".locks/k.lock"));
        LockGuard writer = lock.acquire(FlockMode.EXCLUSIVE);
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<StoreResult> second = other.submit(() -> fixture.store("k"));
            while (fixture.events.stream().noneMatch(KtstrEvent.Waiting.class::isInstance)) {
                assertThat(second).isNotDone();
                Thread.sleep(10);
            }
            Files.move(away, entry);
            writer.close();
            try (LockGuard reader = lock.acquire(FlockMode.SHARED)) {
                assertThat(second.get().outcome()).isEqualTo(Outcome.ALREADY_STORED);
            }
        } finally {
            writer.close();
            other.shutdown();
        }
    }

    @Test
    void whoWaitedForTheWriterOfAnotherKernelStoresItsOwn() throws Exception {
        fixture.store("k");
        Flock lock = Flock.on(fixture.root.resolve(".locks/k.lock"));
        LockGuard writer = lock.acquire(FlockMode.EXCLUSIVE);
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Path config = fixture.file("config", "CONFIG_X=y\n");
            Future<StoreResult> second = other.submit(() ->
                    fixture.cache().store(fixture.request("k").config(config).build()));
            while (fixture.events.stream().noneMatch(KtstrEvent.Waiting.class::isInstance)) {
                assertThat(second).isNotDone();
                Thread.sleep(10);
            }
            writer.close();
            assertThat(second.get().outcome()).isEqualTo(Outcome.REPLACED);
        } finally {
            writer.close();
            other.shutdown();
        }
    }

    @Test
    void whoeverGivesUpWaitingForAWriterIsToldWhatWasWaitedFor() throws Exception {
        fixture.store("k");
        Path config = fixture.file("config", "CONFIG_X=y\n");
        Flock lock = Flock.on(fixture.root.resolve(".locks/k.lock"));
        try (LockGuard writer = StoreFixture.byAnotherThread(() -> lock.acquire(FlockMode.EXCLUSIVE))) {
            StoreRequest request = fixture.request("k")
                    .config(config)
                    .lockTimeout(Duration.ofMillis(50))
                    .build();
            assertThatThrownBy(() -> fixture.cache().store(request))
                    .isInstanceOf(LockTimeoutException.class)
                    .hasMessageContaining("on cache entry \"k\" timed out after 50ms");
        }
    }

    @Test
    void whatIsWrongWithBothImageAndVmlinuxIsToldOfTheImageFirst() throws Exception {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        StoreRequest request = fixture.request("k").vmlinux(vmlinux).build();
        StoreInput input = StoreInput.examine(request, request.files());
        Files.write(fixture.image, new byte[1], StandardOpenOption.APPEND);
        Files.write(vmlinux, new byte[1], StandardOpenOption.APPEND);
        Path staging = Files.createDirectory(directory.resolve("staging"));
        EntryWriter writer =
                new EntryWriter(input, staging, Optional.empty(), Environment.system(), fixture.events::add);

        assertThatThrownBy(writer::write).isInstanceOfSatisfying(StoreException.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.SOURCE_CHANGED);
            assertThat(failure.path()).contains(fixture.image);
            assertThat(failure.getSuppressed())
                    .singleElement()
                    .satisfies(second ->
                            assertThat(((StoreException) second).path()).contains(vmlinux));
        });
    }

    @Test
    void aStoreWaitsForAReaderAndGivesUpWhenToldTo() throws Exception {
        fixture.store("k");
        StoreRequest replacing = fixture.request("k")
                .replace(true)
                .lockTimeout(Duration.ofMillis(50))
                .build();
        try (KernelLease lease =
                StoreFixture.byAnotherThread(() -> fixture.cache().lease("k"))) {
            assertThatThrownBy(() -> fixture.cache().store(replacing))
                    .isInstanceOf(LockTimeoutException.class)
                    .hasMessageContaining("flock LOCK_EX on cache entry \"k\" timed out after 50ms")
                    .hasMessageContaining("KTSTR_CACHE_STORE_LOCK_TIMEOUT");
            assertThat(lease.entry().image()).isRegularFile();
        }
        assertThat(fixture.cache().store(replacing).outcome()).isEqualTo(Outcome.REPLACED);
    }

    @Test
    void theLockTimeoutComesFromTheEnvironmentAndBadTextIsWarnedAbout() throws Exception {
        fixture.store("k");
        StoreRequest.Builder unlimited =
                StoreRequest.builder().key("k").image(fixture.image).replace(true);
        try (KernelLease held =
                StoreFixture.byAnotherThread(() -> fixture.cache().lease("k"))) {
            fixture.variable("KTSTR_CACHE_STORE_LOCK_TIMEOUT", "70ms");
            assertThatThrownBy(() -> fixture.cache().store(unlimited.build()))
                    .hasMessageContaining("timed out after 70ms");
            assertThat(held.entry().key()).isEqualTo("k");
        }
        fixture.variable("KTSTR_CACHE_STORE_LOCK_TIMEOUT", "not-a-duration");
        assertThat(fixture.cache().store(unlimited.build()).outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.warnings()).anySatisfy(warning -> assertThat(warning).contains("not-a-duration"));
    }

    private void assertRefused(StoreRequest.Builder request, ErrorCode code, Path path) {
        assertThatThrownBy(() -> fixture.cache().store(request.build()))
                .isInstanceOfSatisfying(KtstrException.class, refused -> {
                    assertThat(refused.code()).isEqualTo(code);
                    assertThat(refused.path()).contains(path);
                });
        assertThat(fixture.root).doesNotExist();
    }

    private static StoredDetails details(StoreResult result) {
        return Objects.requireNonNull(result.entry().metadata().jvm());
    }

    private interface Numbered {
        Callable<StoreResult> task(int number);
    }

    private static List<StoreResult> allAtOnce(int count, Numbered tasks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        CountDownLatch start = new CountDownLatch(1);
        List<Future<StoreResult>> running = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Callable<StoreResult> task = tasks.task(i);
            running.add(threads.submit(() -> {
                start.await();
                return task.call();
            }));
        }
        start.countDown();
        List<StoreResult> results = new ArrayList<>();
        for (Future<StoreResult> each : running) {
            results.add(each.get());
        }
        threads.shutdown();
        return results;
    }
}
