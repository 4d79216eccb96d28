package dev.ktstr.vm;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.event.KtstrEvent;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Decides between KVM and TCG. That {@code /dev/kvm} can be opened proves nothing: inside another virtual machine guests may hang
 * in it, or make QEMU abort. So the kernel at hand is booted once, and what came of that is remembered for this boot of the host.
 */
final class AcceleratorChoice {
    private static final String VARIABLE = "KTSTR_ACCEL";

    /** A value of the variable: not to trust what is remembered. */
    private static final String PROBE = "probe";

    private static final Path DEVICE = Path.of("/dev/kvm");

    /** Where KVM works, a kernel boots in a second. */
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(6);

    private static final Duration TCG_LIMIT = Duration.ofSeconds(30);

    private final VirtualMachine.Builder values;
    private final Environment environment;
    private final Path qemu;

    AcceleratorChoice(VirtualMachine.Builder values, Path qemu) {
        this.values = values;
        this.environment = values.environment();
        this.qemu = qemu;
    }

    /** What was found out in this process. A lock, too: machines that start at the same time wait for one probe. */
    private static final class Verdict {
        private Optional<KvmRecord> found = Optional.empty();
    }

    /**
     * KVM or TCG.
     *
     * @throws VmException if KVM was asked for and this user cannot use the device
     * @throws EnvironmentException if the variable has another value than those that it can have
     */
    Accelerator choose() throws IOException {
        String wanted = wanted();
        Optional<String> obstacle = obstacle();
        if (wanted.equals(Accelerator.KVM.text()) && obstacle.isPresent()) {
            throw new VmException(
                    ErrorCode.ACCELERATOR,
                    "starting a virtual machine under KVM, as asked: " + obstacle.get(),
                    DEVICE,
                    "leave the choice to ktstr (AUTO), or make the device usable: load the module kvm_intel or kvm_amd, and be"
                            + " a member of the group that owns it (usermod -aG kvm $USER, then log in again)");
        }
        if (wanted.equals(Accelerator.KVM.text()) || wanted.equals(Accelerator.TCG.text())) {
            return Accelerator.valueOf(wanted.toUpperCase(Locale.ROOT));
        }
        if (obstacle.isPresent()) {
            warn(obstacle.get(), "");
            return Accelerator.TCG;
        }
        KvmRecord verdict = verdict(wanted.equals(PROBE));
        if (verdict.works()) {
            return Accelerator.KVM;
        }
        warn(
                "KVM does not work on this machine (" + verdict.reason() + ")",
                "found out once for this boot of the machine, and again with " + VARIABLE + "=" + PROBE);
        return Accelerator.TCG;
    }

    private String wanted() throws EnvironmentException {
        if (values.accelerator() != Accelerator.AUTO) {
            return values.accelerator().text();
        }
        String wanted =
                environment.variable(VARIABLE).orElse(Accelerator.AUTO.text()).toLowerCase(Locale.ROOT);
        if (!wanted.matches("auto|kvm|tcg|" + PROBE)) {
            throw new EnvironmentException(
                    ErrorCode.ENV_SETTING,
                    "reading " + VARIABLE + ": \"" + wanted + "\" is no accelerator",
                    "set it to auto, kvm, tcg, or probe (auto, and try KVM again); or unset it",
                    null);
        }
        return wanted;
    }

    /** What keeps this user from KVM at first sight. Opened for real: a container may deny what permissions allow. */
    private static Optional<String> obstacle() {
        if (!Files.exists(DEVICE)) {
            return Optional.of("there is no " + DEVICE);
        }
        try (FileChannel device = FileChannel.open(DEVICE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return Optional.empty();
        } catch (IOException denied) {
            return Optional.of("this user may not open " + DEVICE);
        }
    }

    private void warn(String reason, String advice) {
        if (environment.firstTime("no KVM: " + reason)) {
            values.events().accept(new KtstrEvent.WithoutKvm(reason, advice));
        }
    }

    private KvmRecord verdict(boolean again) throws IOException {
        Verdict verdict = environment.remembered(Verdict.class, Verdict::new);
        synchronized (verdict) {
            if (verdict.found.isEmpty() && !again) {
                verdict.found = KvmRecord.read(environment, qemu);
            }
            if (verdict.found.isEmpty()) {
                verdict.found = Optional.of(probe());
            }
            return verdict.found.get();
        }
    }

    /** What the probe says is kept for other processes, unless the kernel itself may be at fault. */
    private KvmRecord probe() throws IOException {
        String reason;
        try {
            VmResult result = boot(Accelerator.KVM, PROBE_LIMIT);
            if (result.exitCode() == 0) {
                return KvmRecord.working(qemu).write(environment);
            }
            reason = "a guest under it had not booted after " + Durations.format(PROBE_LIMIT);
        } catch (VmException failed) {
            reason = firstLine(failed.problem()).replaceFirst("^booting a virtual machine: ", "");
            if (failed.code() == ErrorCode.QEMU_FAILED) {
                return KvmRecord.broken(qemu, reason).write(environment);
            }
        }
        KvmRecord broken = KvmRecord.broken(qemu, reason);
        return boots() ? broken.write(environment) : broken;
    }

    /** Whether the kernel boots at all. */
    private boolean boots() throws IOException {
        try {
            return boot(Accelerator.TCG, TCG_LIMIT).exitCode() == 0;
        } catch (VmException failed) {
            return false;
        }
    }

    private VmResult boot(Accelerator accelerator, Duration limit) throws IOException {
        return VirtualMachine.builder(environment)
                .kernel(values.kernel())
                .kernelArgs(values.kernelArgs().toArray(String[]::new))
                .memory(values.memory())
                .events(values.events())
                .accelerator(accelerator)
                .timeout(limit)
                .run();
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }
}
