package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernels;
import dev.ktstr.junit.KtstrVm;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmResult;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Runs once for every kernel in the store, or for those that -Dktstr.kernels names. */
@KtstrKernels
class FileSystemIT {
    @Test
    void whatWasWrittenIsThereAfterARestart(
            @KtstrDisk(filesystem = Filesystem.EXT4, size = "64M") TestDisk disk, VirtualMachine.Builder vm)
            throws IOException {
        vm.disk(disk);
        vm.script("mount /dev/vda /mnt && echo kept > /mnt/file").run().expectSuccess();

        VmResult second = vm.script("mount /dev/vda /mnt && cat /mnt/file").run();

        assertEquals("kept\n", second.stdout(), second.toString());
    }

    @Test
    void twoDisksOfOneKindCanBeMountedAtOnce(
            @KtstrDisk(filesystem = Filesystem.BTRFS, size = "128M") TestDisk one,
            @KtstrDisk(filesystem = Filesystem.BTRFS, size = "128M") TestDisk other,
            @KtstrVm(memory = "256M") VirtualMachine vm) // has both disks: /dev/vda and /dev/vdb
            throws IOException {
        vm.script("""
                mkdir /other
                mount /dev/vda /mnt && mount /dev/vdb /other &&
                echo hello > /mnt/file && cp /mnt/file /other/copy && cmp /mnt/file /other/copy
                """).run().expectSuccess();
    }

    @Test
    void theKernelIsTheOneFromTheStore(KernelEntry kernel, @KtstrVm(memory = "256M") VirtualMachine vm)
            throws IOException {
        String banner = vm.command("uname", "-rv").run().expectSuccess().stdout().strip();

        // Debian's says "6.1.0-56-cloud-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)".
        assertTrue(banner.contains(String.valueOf(kernel.metadata().version())), banner + " in " + kernel);
    }
}
