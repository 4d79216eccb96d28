package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmException;
import dev.ktstr.vm.VmResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What AUTO chooses, and how often it tries KVM. Says the same of machines where that works and where it does not. */
@Tag("kernel")
@Tag("qemu")
class AcceleratorIT {
    private static final Path DEVICE = Path.of("/dev/kvm");

    @TempDir
    Path directory;

    private final List<String> warnings = new ArrayList<>();

    private RunningVm start(VmFixture fixture, Map<String, String> variables) throws Exception {
        return builder(fixture, variables).script("sleep 1000").start();
    }

    private VirtualMachine.Builder builder(VmFixture fixture, Map<String, String> variables) {
        Environment environment = VmFixture.environment(fixture.cache().root(), variables);
        return VirtualMachine.builder(environment).kernel(fixture.kernel()).events(event -> {
            if (event.isWarning()) {
                warnings.add(event.message());
            }
        });
    }

    /** Variables with which a shell script comes before QEMU. */
    private Map<String, String> withQemu(String first) throws Exception {
        Path programs = Files.createDirectory(directory.resolve("bin"));
        String real = Commands.run("sh", "-c", "command -v qemu-system-x86_64").strip();
        Path qemu = Files.writeString(
                programs.resolve("qemu-system-x86_64"), "#!/bin/sh\n" + first + "exec " + real + " \"$@\"\n");
        assertThat(qemu.toFile().setExecutable(true)).isTrue();
        return Map.of("PATH", programs + ":" + System.getenv("PATH"));
    }

    @Test
    void kvmIsTriedOnceForThisBootAndThisUserAndAgainWhenAsked() throws Exception {
        VmFixture fixture = VmFixture.store(directory.resolve("cache"));
        long begin = System.nanoTime();
        Accelerator chosen;
        try (RunningVm vm = start(fixture, Map.of())) {
            chosen = vm.accelerator();
        }
        Duration first = Duration.ofNanos(System.nanoTime() - begin);
        assertThat(first).isLessThan(Duration.ofSeconds(10));
        assertThat(chosen).isIn(Accelerator.KVM, Accelerator.TCG);
        assertThat(warnings).hasSize(chosen == Accelerator.KVM ? 0 : 1);
        Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        Path record = fixture.initramfsDirectory().resolve("kvm-" + user + ".json");
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            assertThat(chosen).isEqualTo(Accelerator.TCG);
            assertThat(warnings.get(0)).contains(DEVICE.toString());
            assertThat(record).doesNotExist(); // there was nothing to try
            return;
        }
        assertThat(record)
                .content()
                .contains("\"boot_id\":\""
                        + Files.readString(Path.of("/proc/sys/kernel/random/boot_id"), StandardCharsets.US_ASCII)
                                .strip()
                        + "\"")
                .contains("\"works\":" + (chosen == Accelerator.KVM));

        Object written = Files.getAttribute(record, "unix:ino");
        begin = System.nanoTime();
        try (RunningVm vm = start(fixture, Map.of())) {
            assertThat(vm.accelerator()).isEqualTo(chosen);
        }
        Duration second = Duration.ofNanos(System.nanoTime() - begin);
        System.out.printf(
                "AUTO chose %s: %s%n%d ms to start the first time, %d ms the second%n",
                chosen, warnings, first.toMillis(), second.toMillis());
        assertThat(second).isLessThan(Duration.ofSeconds(1));
        assertThat(Files.getAttribute(record, "unix:ino")).isEqualTo(written);
        assertThat(warnings).hasSize(chosen == Accelerator.KVM ? 0 : 2); // another process would hear it again

        try (RunningVm vm = start(fixture, Map.of("KTSTR_ACCEL", "probe"))) {
            assertThat(vm.accelerator()).isEqualTo(chosen);
        }
        assertThat(Files.getAttribute(record, "unix:ino")).isNotEqualTo(written);

        // It is of no other boot.
        Files.writeString(
                record,
                Files.readString(record)
                        .replaceFirst("\"boot_id\":\"[^\"]*\"", "\"boot_id\":\"x\"")
                        .replaceFirst("\"works\":(true|false)", "\"works\":" + (chosen != Accelerator.KVM)));
        try (RunningVm vm = start(fixture, Map.of())) {
            assertThat(vm.accelerator()).isEqualTo(chosen);
        }
        assertThat(record).content().contains("\"works\":" + (chosen == Accelerator.KVM));
    }

    /** As on some hosts that are virtual themselves: what stands in for QEMU there never comes back, and is QEMU otherwise. */
    @Test
    void aGuestThatHangsUnderKvmMeansTcgWithinTenSeconds() throws Exception {
        VmFixture fixture = VmFixture.store(directory.resolve("cache"));
        Map<String, String> variables = withQemu("""
                case " $* " in
                  *" -accel kvm "*) exec sleep 1000 ;;
                esac
                """);
        builder(fixture, variables).accelerator(Accelerator.TCG).run().expectSuccess(); // has the file system at hand

        long begin = System.nanoTime();
        try (RunningVm vm = start(fixture, variables)) {
            assertThat(vm.accelerator()).isEqualTo(Accelerator.TCG);
        }
        Duration time = Duration.ofNanos(System.nanoTime() - begin);

        System.out.printf("AUTO took %d ms to give up a KVM that hangs: %s%n", time.toMillis(), warnings);
        assertThat(warnings).hasSize(1);
        if (Files.isReadable(DEVICE) && Files.isWritable(DEVICE)) {
            assertThat(warnings.get(0)).contains("a guest under it had not booted after");
            assertThat(fixture.initramfsDirectory()).isDirectoryContaining("glob:**.json"); // it boots without
        }
    }

    @Test
    void theBuilderAndTheVariableDecideAndNonsenseIsRefused() throws Exception {
        VmFixture fixture = VmFixture.store(directory.resolve("cache"));
        try (RunningVm vm = start(fixture, Map.of("KTSTR_ACCEL", "TCG"))) {
            assertThat(vm.accelerator()).isEqualTo(Accelerator.TCG);
        }
        VmResult result = builder(fixture, Map.of("KTSTR_ACCEL", "nonsense"))
                .accelerator(Accelerator.TCG)
                .run();
        assertThat(result.accelerator()).isEqualTo(Accelerator.TCG);
        assertThat(result.toString()).contains("under TCG");
        assertThatExceptionOfType(EnvironmentException.class)
                .isThrownBy(() -> start(fixture, Map.of("KTSTR_ACCEL", "nonsense")))
                .withMessageContaining("\"nonsense\" is no accelerator")
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.ENV_SETTING));
        if (Files.isReadable(DEVICE) && Files.isWritable(DEVICE)) {
            Path words = directory.resolve("words");
            Map<String, String> variables =
                    new HashMap<>(withQemu("echo \"$*\" >'%1$s.new'; mv '%1$s.new' '%1$s'\n".formatted(words)));
            variables.put("KTSTR_ACCEL", "kvm");
            try (RunningVm vm = start(fixture, variables)) {
                assertThat(vm.accelerator()).isEqualTo(Accelerator.KVM); // as asked, whether it works or not
                while (!Files.exists(words)) {
                    TimeUnit.MILLISECONDS.sleep(1); // not QEMU's own command line, since it may have given up by now
                }
                assertThat(words).content().contains("-accel kvm");
            }
        } else {
            assertThatExceptionOfType(VmException.class)
                    .isThrownBy(() -> start(fixture, Map.of("KTSTR_ACCEL", "kvm")))
                    .withMessageContaining("under KVM, as asked")
                    .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.ACCELERATOR));
        }
        assertThat(warnings).isEmpty();
        assertThat(fixture.initramfsDirectory()).isDirectoryNotContaining("glob:**.json");
    }
}
