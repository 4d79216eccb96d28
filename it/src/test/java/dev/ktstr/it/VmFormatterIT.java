package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.Template;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.EventSink;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmFormatter;
import dev.ktstr.vm.VmResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Templates that were formatted in a guest are as good as those of the host, and have their keys. */
@Tag("kernel")
@Tag("qemu")
class VmFormatterIT {
    @TempDir
    Path directory;

    private VmFixture fixture;
    private VmFixture underTcg;

    @BeforeEach
    void storeTheKernel() throws Exception {
        fixture = VmFixture.store(directory.resolve("cache"));
        VmFixture.requireFormatters();
        underTcg = new VmFixture(
                fixture.cache(),
                fixture.kernel(),
                VmFixture.environment(fixture.cache().root(), Map.of("KTSTR_ACCEL", "tcg")));
    }

    @Test
    void aGuestAndTheHostFormatTheSame() throws Exception {
        List<TestDisk> disks = new ArrayList<>();
        try (KernelLease lease = fixture.cache().lease(fixture.kernel().key())) {
            DiskTemplates inGuest = underTcg.templates()
                    .withFormatter(new VmFormatter(underTcg.environment(), lease, EventSink.logging()));
            DiskTemplates onHost = DiskTemplates.at(directory.resolve("host"), fixture.environment());
            VirtualMachine.Builder vm = fixture.vm();
            for (Filesystem filesystem : VmFixture.FORMATTED) {
                DiskSpec spec = DiskSpec.builder()
                        .filesystem(filesystem)
                        .size("300M")
                        .label("scratch")
                        .build();
                long begin = System.nanoTime();
                Template template = inGuest.ensure(spec);
                System.out.printf(
                        "%s formatted in a guest in %d ms%n",
                        filesystem.text(), (System.nanoTime() - begin) / 1_000_000);
                assertThat(template.key()).isEqualTo(onHost.ensure(spec).key());
                VmFixture.check(filesystem, template.image());
                VmFixture.check(filesystem, onHost.ensure(spec).image());
                assertThat(Commands.run(
                                "blkid", "-p", "-o", "export", template.image().toString()))
                        .contains("TYPE=" + filesystem.text())
                        .contains("LABEL=scratch");
                disks.add(inGuest.newDisk(spec));
                disks.add(onHost.newDisk(spec.withVariant(2)));
            }
            disks.forEach(vm::disk);
            VmResult result = vm.script("""
                    set -e
                    for device in a b c d e f; do
                      mkdir /mnt/$device
                      mount /dev/vd$device /mnt/$device
                      echo "from the guest" >/mnt/$device/file
                    done
                    """).run();
            assertThat(result.exitCode()).as("%s%n%s", result, result.stderr()).isZero();
        }
        for (TestDisk disk : disks) {
            VmFixture.check(disk.spec().filesystem(), disk.path());
            Commands.run("grep", "-q", "-a", "-F", "from the guest", disk.path().toString());
            disk.close();
        }
    }

    @Test
    void whatMkfsSaysAgainstItIsInTheMessageAndNothingIsLeft() throws Exception {
        fixture.vm().start().close(); // what every machine begins with is kept
        try (KernelLease lease = fixture.cache().lease(fixture.kernel().key())) {
            DiskTemplates templates = DiskTemplates.at(
                            Files.createDirectory(directory.resolve("disks")), underTcg.environment())
                    .withFormatter(new VmFormatter(underTcg.environment(), lease, EventSink.logging()));
            DiskSpec spec = DiskSpec.builder().size("64M").options("--nonsense").build();
            Leftovers leftovers = Leftovers.before(fixture, templates.root());
            DiskException failed = catchThrowableOfType(DiskException.class, () -> templates.ensure(spec));
            assertThat(failed.code()).isEqualTo(ErrorCode.FORMATTER_FAILED);
            assertThat(failed)
                    .hasMessageContaining("in a virtual machine with kernel "
                            + fixture.kernel().key())
                    .hasMessageContaining("nonsense")
                    .hasMessageContaining("Usage: mkfs.ext4");
            System.out.println(failed.problem().lines().limit(4).toList());
            assertThat(templates.list()).isEmpty();
            leftovers.assertNoneBut("a lock on", ".locks");
        }
    }
}
