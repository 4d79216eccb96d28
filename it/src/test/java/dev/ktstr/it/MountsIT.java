package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.lock.LockUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Caches on mounts that cannot do everything: a lower overlayfs layer, a read-only one, a full one. */
@Tag("kernel")
@Tag("root")
class MountsIT {
    @TempDir
    Path directory;

    RealKernel kernel;
    Path lower;
    Path mount;

    @BeforeEach
    void storeInWhatBecomesTheMount() throws Exception {
        Commands.requireRoot();
        kernel = RealKernel.require();
        lower = Files.createDirectory(directory.resolve("lower"));
        mount = Files.createDirectory(directory.resolve("mount"));
        KernelCache.at(lower).store(kernel.request().key("k").build());
    }

    @AfterEach
    void unmount() throws Exception {
        if (mount != null) {
            Commands.run("sh", "-c", "! mountpoint -q " + mount + " || umount " + mount);
        }
    }

    @Test
    void anEntryInALowerOverlayLayerCanBeReplaced() throws Exception {
        KernelCache cache = overlay();
        RealKernel other = kernel.withConfig(directory.resolve("other"), "# other\n");
        assertThat(cache.store(other.request().key("k").build()).outcome()).isEqualTo(StoreResult.Outcome.REPLACED);
        assertThat(cache.verify("k").problems()).isEmpty();
        assertThat(names(mount)).containsExactlyInAnyOrder("k", ".locks");
        assertThat(KernelCache.at(lower).verify("k").problems()).isEmpty();
    }

    @Test
    void anEntryInALowerOverlayLayerCanBeCleaned() throws Exception {
        KernelCache cache = overlay();
        assertThat(cache.clean(CleanPolicy.builder().key("k").build()).removed())
                .hasSize(1);
        assertThat(cache.list()).isEmpty();
        assertThat(names(mount)).containsExactly(".locks");
        assertThat(cache.store(kernel.request().key("k").build()).outcome()).isEqualTo(StoreResult.Outcome.STORED);
        assertThat(cache.verify("k").problems()).isEmpty();
    }

    @Test
    void aReadOnlyCacheCanBeListedLookedUpVerifiedAndLeased() throws Exception {
        KernelCache cache = readOnly();
        assertThat(cache.list()).singleElement().isInstanceOf(ListedEntry.Valid.class);
        assertThat(cache.lookup("k")).isPresent();
        assertThat(cache.verify("k").problems()).isEmpty();
        try (KernelLease lease = cache.lease("k")) {
            assertThat(Files.size(lease.entry().image())).isEqualTo(Files.size(kernel.image()));
        }
        assertThatThrownBy(() -> cache.store(kernel.request().key("other").build()))
                .hasMessageContaining("EROFS");
        assertThatThrownBy(() ->
                        cache.store(kernel.request().key("k").replace(true).build()))
                .hasMessageContaining("KT-OS-01")
                .hasMessageContaining("Read-only file system");
        assertThat(cache.clean(CleanPolicy.builder().build()).removed()).hasSize(1);
        assertThat(cache.clean(CleanPolicy.builder().all(true).build()).failed())
                .hasSize(1);
        assertThat(cache.verify("k").problems()).isEmpty();
    }

    @Test
    void aReadOnlyCacheWithoutALockFileRefusesALeaseAndSaysWhatToDo() throws Exception {
        Files.delete(lower.resolve(".locks/k.lock"));
        KernelCache cache = readOnly();
        assertThat(cache.lookup("k")).isPresent();
        assertThat(cache.verify("k").problems()).isEmpty();
        assertThat(cache.verify("k").notes()).singleElement().asString().contains("without a lock");
        assertThat(cache.store(kernel.request().key("k").build()).outcome())
                .isEqualTo(StoreResult.Outcome.ALREADY_STORED);
        assertThatThrownBy(() -> cache.lease("k"))
                .isInstanceOf(LockUnavailableException.class)
                .hasMessageContaining("KT-LOCK-03")
                .hasMessageContaining("touch " + mount.resolve(".locks/k.lock"));
    }

    @Test
    void aFullDiskIsAClearErrorThatLeavesWhatWasThere() throws Exception {
        Commands.run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", mount.toString());
        KernelCache cache = KernelCache.at(mount);
        StoreRequest onlyTheImage =
                StoreRequest.builder().key("k").image(kernel.image()).build();
        cache.store(onlyTheImage);
        assertThatThrownBy(() -> cache.store(kernel.request().key("other").build()))
                .hasMessageContaining("copy kernel image to cache: ")
                .hasMessageContaining("ENOSPC")
                .hasMessageContaining("free space there");
        assertThat(names(mount)).containsExactlyInAnyOrder("k", ".locks");
        assertThat(cache.verify("k").problems()).isEmpty();
        Commands.run("sh", "-c", "cat /dev/zero > " + mount + "/zeros || true");
        try (KernelLease lease = cache.lease("k")) {
            assertThat(names(mount.resolve(".locks/holders/k.lock")))
                    .as("%s", lease)
                    .isEmpty();
        }
    }

    private KernelCache overlay() throws Exception {
        Path upper = Files.createDirectory(directory.resolve("upper"));
        Path work = Files.createDirectory(directory.resolve("work"));
        Commands.run(
                "mount",
                "-t",
                "overlay",
                "overlay",
                "-o",
                "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work,
                mount.toString());
        return KernelCache.at(mount);
    }

    private KernelCache readOnly() throws Exception {
        Commands.run("mount", "--bind", lower.toString(), mount.toString());
        Commands.run("mount", "-o", "remount,bind,ro", mount.toString());
        return KernelCache.at(mount);
    }

    private static Stream<String> names(Path directory) throws Exception {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(path -> path.getFileName().toString()).toList().stream();
        }
    }
}
