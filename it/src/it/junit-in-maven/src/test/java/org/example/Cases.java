package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import dev.ktstr.vm.VirtualMachine;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** What Surefire and Failsafe run: 9 tests. */
@KtstrKernel
abstract class Cases {
    @KtstrDisk(size = "16M")
    TestDisk inField;

    @Test
    void theKernelIsTheOneOfTheSettings(KernelEntry kernel, KernelLease lease, KernelCache cache) throws Exception {
        assertEquals(System.getProperty("expected.kernel"), kernel.key());
        assertEquals(Path.of("cache").toAbsolutePath(), cache.root());
        lease.check();
    }

    @Test
    void aDiskAndAMachine(
            @KtstrDisk(size = "16M", filesystem = Filesystem.EXT4) TestDisk disk, VirtualMachine.Builder vm)
            throws Exception {
        vm.disk(disk).script("true").build();
        assertEquals(2, disk.spec().variant());
    }

    @RepeatedTest(6)
    void aDiskForEach(@KtstrDisk(size = "16M", filesystem = Filesystem.RAW) TestDisk disk) throws Exception {
        byte[] content = Files.readAllBytes(disk.path());
        assertEquals(16 << 20, content.length);
        assertEquals(0, content[0]);
        content[0] = 1;
        Files.write(disk.path(), content);
    }

    @Nested
    class Inner {
        @Test
        void theDiskOfTheOuterOneIsThere(KernelEntry kernel) {
            assertTrue(Files.exists(inField.path()) && Files.exists(kernel.image()));
        }
    }
}
