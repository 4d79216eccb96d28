package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.elf.TestVmlinux;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.lock.LockTimeoutException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelLeaseTest {
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
