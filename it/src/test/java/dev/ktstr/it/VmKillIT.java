package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.disk.Filesystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of a process that is killed while it runs a virtual machine nothing stays. */
@Tag("kernel")
@Tag("qemu")
class VmKillIT {
    @TempDir
    Path directory;

    @Test
    void nothingIsLeftOfAProcessThatIsKilledWhileItsGuestRuns() throws Exception {
        VmFixture fixture = VmFixture.store(directory.resolve("cache"));
        Commands.requireProgram("mkfs.ext4");
        fixture.templates().newDisk(VmFixture.spec(Filesystem.EXT4)).close();
        fixture.vm().start().close(); // what stays, stays from here
        Path temporary = Files.createDirectory(directory.resolve("tmp"));
        Leftovers leftovers = Leftovers.before(fixture, temporary);

        List<String> command = Commands.jvm(VmMain.class, fixture.cache().root().toString());
        command.addAll(1, List.of("-Djava.io.tmpdir=" + temporary, "-XX:-UsePerfData"));
        Process jvm = Commands.start(command);
        String line = jvm.inputReader().readLine();
        while (line != null && !line.startsWith("RUNS ")) {
            line = jvm.inputReader().readLine(); // a warning about the disk
        }
        assertThat(line).isNotNull();
        ProcessHandle qemu = ProcessHandle.of(Long.parseLong(line.substring("RUNS ".length())))
                .orElseThrow();
        assertThat(Leftovers.isQemu(qemu.pid())).isTrue();
        assertThat(jvm.toHandle().descendants()).containsExactly(qemu);

        jvm.destroyForcibly();
        assertThat(jvm.waitFor(5, TimeUnit.SECONDS)).isTrue();
        long killed = System.nanoTime();
        while (Leftovers.isQemu(qemu.pid()) && System.nanoTime() - killed < TimeUnit.SECONDS.toNanos(5)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        System.out.printf("QEMU gone %d ms after its JVM%n", (System.nanoTime() - killed) / 1_000_000);
        assertThat(Leftovers.isQemu(qemu.pid())).isFalse();
        jvm.getInputStream().close();
        leftovers.assertNoneBut("/.locks/holders/"); // whoever takes the lock next removes the record
        try (Stream<Path> all = Files.list(temporary)) {
            assertThat(all).isEmpty();
        }
    }
}
