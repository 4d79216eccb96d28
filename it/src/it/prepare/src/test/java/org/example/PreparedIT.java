package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

@KtstrKernel
class PreparedIT {
    @Test
    void hasWhatWasPrepared(
            KernelEntry kernel,
            KernelCache cache,
            @KtstrDisk(size = "16M") TestDisk disk,
            @KtstrDisk(size = "17M", label = "scratch") TestDisk labelled) {
        assertEquals(System.getProperty("expected.kernel"), kernel.key());
        assertEquals(System.getProperty("expected.cacheDir"), cache.root().toString());
        assertEquals(Path.of("cache").toAbsolutePath(), cache.root());
        assertEquals(cache.root(), kernel.directory().getParent());
        assertEquals(16 << 20, disk.spec().size());
        assertEquals(17 << 20, labelled.spec().size());
    }
}
