package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.elf.TestVmlinux;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.lock.LockTimeoutException;
import dev.ktstr.lock.LockUnavailableException;
import dev.ktstr.os.Filesystems;
import dev.ktstr.publish.FileTrees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelLeaseTest {
    private static final String MODULE = "modules/000-virtio_pci.ko";

    @TempDir
    Path directory;

    StoreFixture fixture;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
    }

    @Test
    void leasesAreSharedAndTheLockFileOutlivesThem() throws IOException {
        fixture.store("k");
        Path lockFile = fixture.root.resolve(".locks/k.lock");
        try (KernelLease one = fixture.cache().lease("k");
                KernelLease other = fixture.cache().lease("k")) {
            assertThat(one.entry().key()).isEqualTo(other.entry().key());
            assertThat(Flock.on(lockFile).tryAcquire(FlockMode.EXCLUSIVE)).isEmpty();
        }
        assertThat(lockFile).exists().isEmptyFile();
        try (LockGuard free = Flock.on(lockFile).tryAcquire(FlockMode.EXCLUSIVE).orElseThrow()) {
            assertThat(free.lockFile()).isEqualTo(lockFile);
        }
    }

    /** Once, and also where nothing has to be stored. */
    @Test
    void warnsWhereOthersMayWrite() throws IOException {
        fixture.store("k");
        assertThat(fixture.warnings()).noneMatch(warning -> warning.contains("is writable"));

        Files.setPosixFilePermissions(fixture.root, PosixFilePermissions.fromString("rwxr-xrwx"));
        KernelCache cache = fixture.cache();
        cache.lease("k").close();
        cache.lease("k").close();
        cache.store(fixture.request("k").build());
        assertThat(fixture.warnings())
                .singleElement()
                .asString()
                .startsWith(fixture.root + " is writable for all users: who can replace")
                .endsWith("chmod go-w " + fixture.root);
    }

    /** Whoever may write to an entry puts a pipe in a file's place: that would be waited for. */
    @Test
    void verifyingWaitsForNoPipe() throws Exception {
        Path entry = fixture.store("k").entry().directory();
        Path image = entry.resolve("bzImage");
        Path pipe = fixture.directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicInteger swaps = new AtomicInteger();
        List<Throwable> unexpected = new CopyOnWriteArrayList<>();
        Thread swapping = new Thread(() -> {
            while (!isOver.get()) {
                assertThatCode(() -> Filesystems.exchange(image, pipe)).doesNotThrowAnyException();
                swaps.incrementAndGet();
            }
        });
        Thread verifying = new Thread(() -> {
            for (int i = 0; i < 200; i++) {
                assertThatCode(() -> fixture.cache().verify("k")).doesNotThrowAnyException();
            }
        });
        verifying.setDaemon(true); // one that waits for a pipe does not even end when it is interrupted
        swapping.setUncaughtExceptionHandler((thread, failure) -> unexpected.add(failure));
        verifying.setUncaughtExceptionHandler((thread, failure) -> unexpected.add(failure));
        swapping.start();
        verifying.start();
        verifying.join(20_000);
        isOver.set(true);
        swapping.join();
        assertThat(verifying.isAlive()).isFalse();
        assertThat(unexpected).isEmpty();
        assertThat(swaps).hasPositiveValue();
    }

    @Test
    void whereNoDirectoryForLocksCanBeMadeALeaseSaysWhatToDo() throws IOException {
        fixture.store("k");
        Path locks = fixture.root.resolve(".locks");
        FileTrees.delete(locks);
        Files.createSymbolicLink(locks, directory.resolve("nowhere")); // so that, as on a full disk, none can be made
        assertThatThrownBy(() -> fixture.cache().lease("k"))
                .isInstanceOf(LockUnavailableException.class)
                .hasMessageContaining("KT-LOCK-03")
                .hasMessageContaining("touch " + locks.resolve("k.lock"));
        assertThat(fixture.cache().lookup("k")).isPresent();
    }

    @Test
    void whoeverLeasesOrStoresLeavesARecordForAsLong() throws IOException {
        List<String> whileStoring = new ArrayList<>();
        KernelCache cache = fixture.cache().withEvents(event -> {
            if (event instanceof KtstrEvent.Published) {
                whileStoring.addAll(records("k"));
            }
        });
        cache.store(fixture.request("k").build());
        assertThat(whileStoring).singleElement().asString().contains("\"mode\":\"LOCK_EX\"");
        assertThat(records("k")).isEmpty();
        try (KernelLease lease = cache.lease("k")) {
            assertThat(lease.entry().key()).isEqualTo("k");
            assertThat(records("k"))
                    .singleElement()
                    .asString()
                    .contains("\"mode\":\"LOCK_SH\"")
                    .contains("\"since\":\"2026-04-12T10:00:00Z\"");
            cache.clean(CleanPolicy.builder().all(true).build());
            cache.clean(CleanPolicy.builder().all(true).dryRun(true).build());
            assertThat(records("k")).hasSize(1);
        }
        assertThat(records("k")).isEmpty();
    }

    @Test
    void aLeaseForATestSaysSo() throws IOException {
        fixture.store("k");
        try (KernelLease lease = fixture.cache().forTest("com.acme.JournalIT").lease("k")) {
            assertThat(records(lease.entry().key()))
                    .singleElement()
                    .asString()
                    .contains("\"test\":\"com.acme.JournalIT\"");
        }
    }

    private List<String> records(String key) {
        List<String> records = new ArrayList<>();
        try (Stream<Path> all = Files.list(fixture.root.resolve(".locks/holders/" + key + ".lock"))) {
            for (Path record : all.toList()) {
                records.add(Files.readString(record));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return records;
    }

    @Test
    void locksAreListedWithTheirHoldersAndNoneIsTaken() throws IOException {
        fixture.store("k");
        String template = "ext4-256m-0123456789abcdef";
        for (String key : List.of(template, "source-0badcafe")) {
            Files.writeString(fixture.root.resolve(".locks/" + key + ".lock"), "");
        }
        LockSurvey survey;
        try (KernelLease lease = fixture.cache().lease("k")) {
            survey = LockSurvey.now(Environment.system());
            List<ListedLock> locks = fixture.cache().locks(survey);
            assertThat(locks).extracting(ListedLock::name).containsExactly(template, "k", "source-0badcafe");
            assertThat(locks.get(1).holders()).as("%s", lease).hasSize(1);
            assertThat(locks.get(0).holders()).isEmpty();
        }
        assertThat(KernelCache.at(directory.resolve("absent")).locks(survey)).isEmpty();
    }

    @Test
    void closingALeaseTwiceIsHarmless() throws IOException {
        fixture.store("k");
        KernelLease lease = fixture.cache().lease("k");
        lease.close();
        lease.close();
    }

    @Test
    void aReaderGivesUpOnAWriterThatStays() throws Exception {
        fixture.store("k");
        Flock lock = Flock.on(fixture.root.resolve(".locks/k.lock"));
        try (LockGuard writer = StoreFixture.byAnotherThread(() -> lock.acquire(FlockMode.EXCLUSIVE))) {
            assertThatThrownBy(() -> fixture.cache().lease("k", Duration.ofMillis(30)))
                    .isInstanceOf(LockTimeoutException.class)
                    .hasMessageContaining("flock LOCK_SH on cache entry \"k\" timed out after 30ms");
            assertThat(writer.mode()).isEqualTo(FlockMode.EXCLUSIVE);
        }
    }

    @Test
    void anEntryOfTheOriginalWithoutALockFileCanBeLeased() throws IOException {
        fixture.original("theirs", "{\"type\":\"tarball\"}");
        try (KernelLease lease = fixture.cache().lease("theirs")) {
            lease.check();
            assertThat(fixture.root.resolve(".locks/theirs.lock")).exists();
        }
    }

    @Test
    void whatIsNotThereCannotBeLeasedAndLeavesNoLockFile() throws IOException {
        fixture.store("k");
        assertThatThrownBy(() -> fixture.cache().lease("absent"))
                .isInstanceOf(EntryException.class)
                .hasMessageContaining("KT-ENTRY-01")
                .hasMessageContaining("use one of: k");
        assertThatThrownBy(() -> fixture.cache().lease("../k")).isInstanceOf(InvalidKeyException.class);
        assertThat(fixture.root.resolve(".locks/absent.lock")).doesNotExist();
    }

    @Test
    void aCorruptEntryCannotBeLeased() throws IOException {
        Files.createDirectories(fixture.root.resolve("k"));
        assertThatThrownBy(() -> fixture.cache().lease("k"))
                .isInstanceOf(EntryException.class)
                .hasMessageContaining("KT-ENTRY-02")
                .hasMessageContaining("metadata.json missing");
    }

    @Test
    void aFileOfAnotherSizeIsFoundByEveryLease() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        KernelEntry entry = fixture.cache()
                .store(fixture.request("k").vmlinux(vmlinux).build())
                .entry();
        Files.delete(entry.vmlinux().orElseThrow());
        assertThatThrownBy(() -> fixture.cache().lease("k"))
                .hasMessageContaining("KT-ENTRY-02")
                .hasMessageContaining("vmlinux is missing");
        fixture.cache().store(fixture.request("k").vmlinux(vmlinux).build());
        try (KernelLease lease = fixture.cache().lease("k")) {
            Files.writeString(lease.entry().image(), "short");
            assertThatThrownBy(lease::check).hasMessageContaining("bzImage has 5 bytes");
        }
    }

    @Test
    void anotherFileOfTheSameSizeIsNoticedByWhoeverHasTheEntryAlready() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        Path config = fixture.file("config", "CONFIG_A=y\n");
        KernelEntry entry = fixture.cache()
                .store(fixture.request("k").vmlinux(vmlinux).config(config).build())
                .entry();
        for (String name : List.of("bzImage", "vmlinux", "config")) {
            KernelEntry before = fixture.cache().lookup("k").orElseThrow();
            try (KernelLease lease = fixture.cache().lease("k")) {
                lease.check();
                Path file = entry.directory().resolve(name);
                Files.copy(file, directory.resolve("copy"));
                Files.move(directory.resolve("copy"), file, StandardCopyOption.REPLACE_EXISTING);
                assertThatThrownBy(lease::check)
                        .as(name)
                        .hasMessageContaining("KT-ENTRY-02")
                        .hasMessageContaining("one of its files is not the one it was");
            }
            assertThatThrownBy(() -> KernelCache.lease(before, Environment.system(), EventSink.logging()))
                    .as(name)
                    .hasMessageContaining("KT-ENTRY-02")
                    .hasMessageContaining("replaced since it was looked up");
        }
        fixture.cache().lease("k").close(); // for who comes later it is the entry
    }

    /** Of them no sizes are recorded, but that there was something. */
    @Test
    void anEmptiedConfigurationOrModuleIsFoundByEveryLease() throws IOException {
        Path config = fixture.file("config", "CONFIG_A=y\n");
        KernelEntry entry = fixture.cache()
                .store(withModule(fixture.request("k").config(config)))
                .entry();
        for (String name : List.of("config", MODULE)) {
            Path file = entry.directory().resolve(name);
            byte[] content = Files.readAllBytes(file);
            Files.write(file, new byte[0]);
            assertThatThrownBy(() -> fixture.cache().lease("k"))
                    .hasMessageContaining("KT-ENTRY-02")
                    .hasMessageContaining(name + " is empty");
            Files.write(file, content);
        }
        fixture.cache().lease("k").close();
        fixture.cache()
                .store(fixture.request("empty")
                        .config(fixture.file("no-config", ""))
                        .build());
        fixture.cache().lease("empty").close();
    }

    @Test
    void aLinkInAFilesPlaceIsFoundByEveryLease() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        KernelEntry entry = fixture.cache()
                .store(fixture.request("k").vmlinux(vmlinux).build())
                .entry();
        Path stored = entry.vmlinux().orElseThrow();
        Path elsewhere = Files.move(stored, directory.resolve("elsewhere"));
        Files.createSymbolicLink(stored, elsewhere);
        assertThatThrownBy(() -> fixture.cache().lease("k"))
                .hasMessageContaining("KT-ENTRY-02")
                .hasMessageContaining("vmlinux is missing");
    }

    @Test
    void anotherModuleIsNoticedByWhoeverHasTheEntryAlready() throws IOException {
        KernelEntry entry =
                fixture.cache().store(withModule(fixture.request("k"))).entry();
        Path file = entry.directory().resolve(MODULE);
        try (KernelLease lease = fixture.cache().lease("k")) {
            byte[] content = Files.readAllBytes(file);
            Files.write(file, new byte[] {1});
            assertThatThrownBy(lease::check).hasMessageContaining("one of its files is not the one it was");
            Files.write(file, content);
            lease.check();
            Files.write(file.resolveSibling("001-more.ko"), content);
            assertThatThrownBy(lease::check).hasMessageContaining("one of its files is not the one it was");
        }
        assertThatThrownBy(() -> KernelCache.lease(entry, Environment.system(), EventSink.logging()))
                .hasMessageContaining("replaced since it was looked up");
    }

    private StoreRequest withModule(StoreRequest.Builder request) throws IOException {
        Path modules = Files.createDirectories(directory.resolve("modules"));
        TestVmlinux.module(modules.resolve("virtio_pci.ko"), "name=virtio_pci");
        return request.modules(Modules.BOOT).modulesDir(modules).build();
    }

    @Test
    void anEntryExchangedUnderALeaseByWhoeverTakesNoLockIsNoticed() throws IOException {
        fixture.store("k");
        try (KernelLease lease = fixture.cache().lease("k")) {
            lease.check();
            Files.move(lease.entry().directory(), directory.resolve("away"));
            assertThatThrownBy(lease::check).hasMessageContaining("replaced or removed");
        }
    }

    @Test
    void anEntryWrittenAnewUnderALeaseIsNoticedThoughItsInodeIsTheSame() throws IOException {
        KernelEntry entry = fixture.store("k").entry();
        try (KernelLease lease = fixture.cache().lease("k")) {
            Path metadata = entry.directory().resolve("metadata.json");
            Files.writeString(metadata, Files.readString(metadata).replace("2026-04-12T10", "2026-04-12T11"));
            assertThatThrownBy(lease::check).hasMessageContaining("replaced or removed");
        }
    }

    /** Without it the entry looks like one of the original's, which has no checksums. */
    @Test
    void aFlippedByteInTheNameOfWhatWeAddIsFoundByVerify() throws IOException {
        Path metadata = fixture.store("k").entry().directory().resolve("metadata.json");
        String text = Files.readString(metadata);
        for (String flipped : List.of("\"kvm\": {", "\"jv-\": {")) {
            Files.writeString(metadata, text.replace("\"jvm\": {", flipped));
            assertThat(fixture.cache().lookup("k")).isPresent();
            assertThat(fixture.cache().verify("k").problems()).as(flipped).isNotEmpty();
        }
    }

    @Test
    void everyFlippedByteIsFoundByVerify() throws IOException {
        Path vmlinux = TestVmlinux.kernel(directory.resolve("vmlinux"));
        Path config = fixture.file("config", "CONFIG_A=y\n");
        KernelEntry entry = fixture.cache()
                .store(fixture.request("k").vmlinux(vmlinux).config(config).build())
                .entry();
        for (String name : List.of("bzImage", "vmlinux", "config", "metadata.json")) {
            Path file = entry.directory().resolve(name);
            byte[] good = Files.readAllBytes(file);
            for (int i = 0; i < good.length; i += name.equals("vmlinux") ? 499 : 37) {
                byte[] bad = good.clone();
                bad[i] ^= 1;
                Files.write(file, bad);
                assertThat(fixture.cache().verify("k").problems())
                        .as("%s at %d", name, i)
                        .isNotEmpty();
            }
            Files.write(file, good);
        }
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
        Files.writeString(entry.directory().resolve("extra"), "");
        assertThat(fixture.cache().verify("k").problems())
                .singleElement()
                .asString()
                .contains("extra");
    }
}
