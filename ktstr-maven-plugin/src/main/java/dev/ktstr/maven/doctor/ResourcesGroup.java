package dev.ktstr.maven.doctor;

import dev.ktstr.ByteSizes;
import dev.ktstr.host.Topology;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How much of the machine there is. */
final class ResourcesGroup {
    /** What a virtual machine gets unless told otherwise. */
    private static final int GUEST_CPUS = 2;

    private static final long GUEST_MEMORY = 512L << 20;

    /** Of QEMU itself. */
    private static final long OVERHEAD = 128L << 20;

    private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable: +([0-9]{1,15}) kB$");

    private final Path memory;

    ResourcesGroup() {
        this(Path.of("/proc/meminfo"));
    }

    ResourcesGroup(Path memory) {
        this.memory = memory;
    }

    void examine(Findings findings) {
        findings.check("processors", ResourcesGroup::processors);
        findings.check("memory", this::memory);
    }

    private static Finding processors() throws IOException {
        int count = Runtime.getRuntime().availableProcessors();
        String found = count + " for this process, which may run on CPUs "
                + Topology.read().allowed().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return count >= GUEST_CPUS
                ? Finding.ok("processors", found)
                : Finding.warn(
                        "processors",
                        found + "; a virtual machine has " + GUEST_CPUS + " by default, which then share it",
                        List.of("# give virtual machines one: cpus(1), @KtstrVm(cpus = 1)"));
    }

    private Finding memory() throws IOException {
        Optional<String> kilobytes = first(AVAILABLE, memory);
        if (kilobytes.isEmpty()) {
            return Finding.warn(
                    "memory", memory + " does not say how much is available", List.of("# see what free -m says"));
        }
        long available = Long.parseLong(kilobytes.get()) << 10;
        long machines = available / (GUEST_MEMORY + OVERHEAD);
        String found = ByteSizes.format(available) + " available";
        return machines > 0
                ? Finding.ok(
                        "memory", found + ": enough for " + machines + " virtual machines of 512 MiB at the same time")
                : Finding.warn(
                        "memory",
                        found + ": too little for a virtual machine of 512 MiB, the default",
                        List.of("# end something, or give virtual machines less: memory(\"256M\"),"
                                + " @KtstrVm(memory = \"256M\")"));
    }

    private static Optional<String> first(Pattern pattern, Path file) throws IOException {
        Matcher line = pattern.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        return line.find() ? Optional.of(line.group(1)) : Optional.empty();
    }
}
