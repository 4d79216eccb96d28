package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

@KtstrKernel
class PreparedIT {
    @Test
    void hasWhatWasPrepared(KernelEntry kernel, @KtstrDisk(size = "16M") TestDisk disk) {
        assertEquals(System.getProperty("expected.kernel"), kernel.key());
        assertEquals(Path.of("../cache").toAbsolutePath().normalize(), kernel.directory().getParent());
    }
}
