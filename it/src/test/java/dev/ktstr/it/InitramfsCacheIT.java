package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmResult;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all machines with one kernel begin with is made once, and kept under its checksum. */
@Tag("kernel")
@Tag("qemu")
class InitramfsCacheIT {
    @TempDir
    Path directory;

    private VmFixture fixture;

    @BeforeEach
    void storeTheKernel() throws Exception {
        fixture = VmFixture.store(directory.resolve("cache"));
    }

    @Test
    void itIsKeptUsedAgainAndReplacedWhenItIsDamaged() throws Exception {
        fixture.vm().start().close();
        Path kept = onlyFile();
        String name = kept.getFileName().toString();
        assertThat(name).matches("[0-9a-f]{16}\\.cpio");
        assertThat(sha256(kept)).startsWith(name.substring(0, 16));
        Object inode = Files.getAttribute(kept, "unix:ino");
        long size = Files.size(kept);

        machineOfAnotherProcess().start().close();
        assertThat(onlyFile()).isEqualTo(kept);
        assertThat(Files.getAttribute(kept, "unix:ino")).isEqualTo(inode);

        try (FileChannel file = FileChannel.open(kept, StandardOpenOption.WRITE)) {
            file.truncate(size / 2);
        }
        VmResult result = machineOfAnotherProcess().script("echo fine").run();
        assertThat(result.stdout()).isEqualTo("fine\n");
        assertThat(onlyFile()).isEqualTo(kept).hasSize(size);
        assertThat(sha256(kept)).startsWith(name.substring(0, 16));
    }

    @Tag("root")
    @Test
    void aCacheThatCannotBeWrittenToServesWithoutKeepingAnything() throws Exception {
        Commands.requireRoot();
        fixture.cache().lease(fixture.kernel().key()).close(); // makes the lock file
        Path mount = Files.createDirectory(directory.resolve("read-only"));
        Files.createDirectory(fixture.initramfsDirectory());
        Commands.run("mount", "--bind", fixture.cache().root().toString(), mount.toString());
        Commands.run("mount", "-o", "remount,bind,ro", mount.toString());
        try {
            VmFixture readOnly = VmFixture.at(mount);
            VmResult result = readOnly.vm().script("echo fine").run();
            assertThat(result.stdout()).isEqualTo("fine\n");
            // What is found out about KVM cannot be remembered either, which is no failure.
            VirtualMachine.builder(readOnly.environment())
                    .kernel(readOnly.kernel())
                    .events(event -> {})
                    .start()
                    .close();
        } finally {
            Commands.run("umount", mount.toString());
        }
        assertThat(fixture.initramfsDirectory()).isEmptyDirectory();
    }

    private VirtualMachine.Builder machineOfAnotherProcess() {
        return VirtualMachine.builder(VmFixture.environment(fixture.cache().root(), Map.of()))
                .kernel(fixture.kernel())
                .accelerator(Accelerator.TCG);
    }

    private Path onlyFile() throws Exception {
        try (Stream<Path> files = Files.list(fixture.initramfsDirectory())) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
