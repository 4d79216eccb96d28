package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThisProcessTest {
    private static final String ID = "0123456789abcdef".repeat(4);
    private static final String LAYER = "fedcba9876543210".repeat(4);

    @TempDir
    Path root;

    private void file(String name, String content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, content);
    }

    @Test
    void whereNothingIsKnownEverythingIsNull() {
        assertThat(ThisProcess.read(root)).isEqualTo(new ThisProcess(null, null, null, null, null, null));
    }

    @Test
    void weAreWhoProcSaysWeAre() {
        ThisProcess here = ThisProcess.here();

        assertThat(here.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(here.bootId()).hasSize(36);
        assertThat(here.pidNamespace()).isPositive();
        assertThat(here.host()).isNotBlank();
        assertThat(here.command()).contains("java");
        assertThat(ThisProcess.here()).isSameAs(here);
    }

    @Test
    void hostBootAndNamespaceAreRead() throws Exception {
        file("proc/sys/kernel/hostname", "bar\n");
        file("proc/sys/kernel/random/boot_id", "abc\n");
        Files.createDirectories(root.resolve("proc/4711/ns"));
        Files.createSymbolicLink(root.resolve("proc/4711/ns/pid"), Path.of("pid:[4026531836]"));
        Files.createSymbolicLink(root.resolve("proc/self"), Path.of("4711"));

        assertThat(ThisProcess.read(root))
                .extracting(ThisProcess::host, ThisProcess::bootId, ThisProcess::pidNamespace, ThisProcess::pid)
                .containsExactly("bar", "abc", 4026531836L, 4711L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0::/system.slice/docker-" + "ID.scope\n",
                "12:pids:/docker/ID\n0::/docker/ID\n",
                "0::/machine.slice/libpod-ID.scope/container\n",
                "1:name=systemd:/kubepods/besteffort/pod4/LAYER/ID\n",
            })
    void theContainerIsTheInnermostOfTheControlGroup(String cgroup) throws Exception {
        file("proc/self/cgroup", cgroup.replace("LAYER", LAYER).replace("ID", ID));

        assertThat(ThisProcess.read(root).container()).isEqualTo(ID);
    }

    @Test
    void orThatOfTheFilesMountedIntoIt() throws Exception {
        file("proc/self/cgroup", "0::/\n");
        file(
                "proc/self/mountinfo",
                "1 0 0:30 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/" + LAYER + "/diff\n"
                        + "2 1 8:1 /var/lib/docker/containers/" + ID
                        + "/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n");

        assertThat(ThisProcess.read(root).container()).isEqualTo(ID);
    }

    /** Where containers run beside us we see their mounts, and are in none. */
    @Test
    void aHostOfContainersIsNone() throws Exception {
        file("proc/self/cgroup", "0::/user.slice/user-1000.slice/session-2.scope\n");
        file(
                "proc/self/mountinfo",
                "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                        + "2 1 0:30 / /var/lib/docker/overlay2/" + LAYER + "/merged rw - overlay overlay rw\n"
                        + "3 1 0:31 / /var/lib/docker/containers/" + ID + "/mounts/shm rw - tmpfs shm rw\n");

        assertThat(ThisProcess.read(root).container()).isNull();
    }

    @Test
    void orWhatPodmanOrDockerLeaveInIt() throws Exception {
        file("proc/sys/kernel/hostname", "0123456789ab\n");
        assertThat(ThisProcess.read(root).container()).isNull();
        file(".dockerenv", "");
        assertThat(ThisProcess.read(root).container()).isEqualTo("0123456789ab");
        file("run/.containerenv", "engine=\"podman-4.3.1\"\nid=\"" + ID + "\"\nimageid=\"x\"\n");
        assertThat(ThisProcess.read(root).container()).isEqualTo(ID);
        Files.delete(root.resolve("run/.containerenv"));
        file("proc/sys/kernel/hostname", "build\n");
        assertThat(ThisProcess.read(root).container()).isNull();
    }
}
