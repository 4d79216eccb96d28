package dev.ktstr.it;

import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.RunningVm;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Runs a virtual machine with a disk for ever: {@code <cache>}, where the kernel is stored. Says {@code RUNS <pid of QEMU>} when
 * the guest runs its command.
 */
final class VmMain {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private VmMain() {}

    public static void main(String[] arguments) throws Exception {
        VmFixture fixture = VmFixture.at(Path.of(arguments[0]));
        try (TestDisk disk = fixture.templates().newDisk(VmFixture.spec(Filesystem.EXT4));
                RunningVm vm = fixture.vm()
                        .disk(disk)
                        .script("mount /dev/vda /mnt && echo it runs >/dev/kmsg; while :; do echo x >>/mnt/x; done")
                        .start()) {
            boolean runs = vm.awaitConsoleLine(line -> line.contains("it runs"), PATIENCE)
                    .isPresent();
            System.out.println((runs ? "RUNS " : "does not run: ") + vm.pid());
            vm.await();
        }
    }
}
