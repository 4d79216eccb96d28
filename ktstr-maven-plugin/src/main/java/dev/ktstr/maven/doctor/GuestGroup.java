package dev.ktstr.maven.doctor;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Machine;
import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmResult;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Whether a guest boots and runs a command, and whether it does so under KVM. */
final class GuestGroup {
    private static final String VARIABLE = "KTSTR_ACCEL";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String SCRIPT = "echo $((6 * 7)) from $(uname -r)";
    private static final String ANSWER = "42 from ";

    private final Surroundings surroundings;
    private final Environment environment;
    private final KernelCache cache;
    private final Path scratch;
    private final Path device;

    /** @param scratch where the guest's files are put for as long as it runs */
    GuestGroup(Surroundings surroundings, Path scratch) throws IOException {
        this(surroundings, scratch, Path.of("/dev/kvm"));
    }

    GuestGroup(Surroundings surroundings, Path scratch, Path device) throws IOException {
        this.surroundings = surroundings;
        this.environment = surroundings.environment();
        this.cache = KernelCache.open(environment, event -> {});
        this.scratch = scratch.resolve("guest");
        this.device = device;
    }

    /** How the guest did, and what was said of KVM meanwhile. */
    private record Boot(Accelerator accelerator, String withoutKvm) {}

    void examine(Findings findings) {
        List<Boot> boot = new ArrayList<>();
        findings.check("guest", () -> guest(boot));
        findings.check("kvm", () -> kvm(boot.stream().findFirst()));
    }

    private Finding guest(List<Boot> boot) throws IOException {
        Optional<KernelEntry> newest = cache.find(KernelSelector.parse(KernelSelector.LATEST));
        if (newest.isEmpty()) {
            return Finding.warn(
                    "guest",
                    "no virtual machine was tried: no kernel for this machine is stored in " + cache.root(),
                    storing());
        }
        List<String> withoutKvm = new ArrayList<>();
        KernelEntry kernel = newest.get();
        try {
            VmResult result = VirtualMachine.builder(probing())
                    .kernel(kernel)
                    .script(SCRIPT)
                    .timeout(LIMIT)
                    .events(event -> {
                        if (event instanceof KtstrEvent.WithoutKvm without) {
                            withoutKvm.add(without.reason());
                        }
                    })
                    .run();
            boot.add(new Boot(
                    result.accelerator(), withoutKvm.stream().findFirst().orElse("")));
            return answer(kernel, result);
        } catch (KtstrException failed) {
            return Finding.fail(
                    "guest",
                    "kernel " + kernel.key() + ": " + failed.problem(),
                    List.of("# " + failed.remedy(), "# " + failed.code().help()));
        }
    }

    private static Finding answer(KernelEntry kernel, VmResult result) {
        boolean isRight = result.exitCode() == 0 && result.stdout().startsWith(ANSWER);
        return isRight
                ? Finding.ok(
                        "guest",
                        "kernel " + kernel.key() + " booted under "
                                + result.accelerator().text().toUpperCase(Locale.ROOT)
                                + ", ran a command and told what it printed, in " + Durations.format(result.duration()))
                : Finding.fail(
                        "guest",
                        "kernel " + kernel.key() + " did not do what it was told: " + result + "; it printed \""
                                + result.stdout().strip() + "\"",
                        List.of("# try it with another kernel (kernel-list says which there are)"));
    }

    /**
     * Where what is remembered of KVM does not count, and where a machine leaves nothing: neither in the process nor in the
     * store. A choice that the user has made stands.
     */
    private Environment probing() throws IOException {
        Environment fresh = environment
                .withClocks(environment.clock(), environment::nanoTime)
                .withVariable("KTSTR_CACHE_DIR", scratch.toString());
        String choice = environment.variable(VARIABLE).orElse("auto");
        return choice.equalsIgnoreCase("auto") ? fresh.withVariable(VARIABLE, "probe") : fresh;
    }

    private Finding kvm(Optional<Boot> boot) throws IOException {
        if (boot.isPresent() && boot.get().accelerator() == Accelerator.KVM) {
            return Finding.ok("kvm", "the guest ran under it");
        }
        String choice = environment.variable(VARIABLE).orElse("");
        if (choice.equalsIgnoreCase(Accelerator.TCG.text())) {
            return Finding.ok("kvm", "not asked for: " + VARIABLE + "=" + choice);
        }
        Optional<Finding> closed = closed();
        if (closed.isPresent()) {
            return closed.get();
        }
        if (boot.isEmpty() || boot.get().withoutKvm().isEmpty()) {
            return Finding.warn(
                    "kvm",
                    device + " can be opened; whether guests run under it is not known without one that has booted",
                    List.of("# see what is said of the guest"));
        }
        return Finding.warn(
                "kvm",
                device + " can be opened, but guests do not run under it: "
                        + boot.get().withoutKvm(),
                List.of(
                        "# if this machine is itself virtual: switch nested virtualization on in the machine around it; there,"
                                + " this says Y or 1:",
                        "cat /sys/module/kvm_intel/parameters/nested /sys/module/kvm_amd/parameters/nested",
                        "# else: the firmware's settings, and the kernel's log",
                        Shell.sudo() + "dmesg | grep -i kvm",
                        "# or do without, and do not ask again:",
                        "export " + VARIABLE + "=tcg"));
    }

    /** What keeps this user from opening the device. */
    private Optional<Finding> closed() throws IOException {
        String sudo = Shell.sudo();
        if (!Files.exists(device)) {
            return Optional.of(Finding.warn(
                    "kvm",
                    "there is no " + device + ": guests run under TCG, which is several times slower",
                    List.of(
                            "# on a machine whose processor can (and in a virtual one that is allowed to):",
                            sudo + "modprobe kvm_intel || " + sudo + "modprobe kvm_amd",
                            "# a container has to be given it: docker run --device /dev/kvm …",
                            "# or do without, and do not ask again:",
                            "export " + VARIABLE + "=tcg")));
        }
        try {
            FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)
                    .close();
            return Optional.empty();
        } catch (IOException denied) {
            return Optional.of(Finding.warn(
                    "kvm",
                    "this user may not open " + device + " (" + denied
                            + "): guests run under TCG, which is several times" + " slower",
                    List.of(
                            "# where it belongs to another group, or its group may not use it (ls -l " + device + "):",
                            sudo + "groupadd -f kvm && " + sudo + "chgrp kvm " + device + " && " + sudo + "chmod g+rw "
                                    + device,
                            "# then, or at once where its group is kvm:",
                            sudo + "usermod -aG kvm \"$(id -un)\" && newgrp kvm",
                            "# on a CI machine, for all users:",
                            "echo 'KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0666\", OPTIONS+=\"static_node=kvm\"' | "
                                    + sudo + "tee /etc/udev/rules.d/99-kvm.rules",
                            sudo + "udevadm control --reload-rules && " + sudo + "udevadm trigger --name-match=kvm")));
        }
    }

    /** How to have a kernel stored, from what is there. */
    private List<String> storing() throws IOException {
        String store = cache.root().toString();
        String release = Files.readString(Path.of("/proc/sys/kernel/osrelease"), StandardCharsets.UTF_8)
                .strip();
        Path image = Path.of("/boot/vmlinuz-" + release);
        Path modules = Path.of("/lib/modules/" + release);
        if (Files.isReadable(image) && Files.isDirectory(modules)) {
            return List.of(surroundings.goal("kernel-store", store, "image=" + image, "modulesDir=" + modules));
        }
        String debian = "linux-image-cloud-" + (Machine.arch().equals("aarch64") ? "arm64" : "amd64");
        return List.of(
                "# Debian's kernel for virtual machines (elsewhere: image and modulesDir, or packages, of one that is there):",
                "mkdir -p ktstr-kernel && cd ktstr-kernel",
                "apt-get download $(apt-cache depends " + debian + " | awk '/Depends: linux-image/ {print $2}')",
                surroundings.goal("kernel-store", store, "packages=\"$(ls linux-image-*.deb | paste -sd,)\""));
    }
}
