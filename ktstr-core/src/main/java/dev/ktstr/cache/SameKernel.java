package dev.ktstr.cache;

import java.util.Objects;
import java.util.Set;

/** Whether storing something would give an entry that is there already. */
final class SameKernel {
    /** What {@code jvm.strip} says of a {@code vmlinux} that was stored as it was. */
    static final String NO_STRIP = "none";

    private SameKernel() {}

    /** How it got into the store, and when, does not matter; a damaged entry is no reason not to store a good one. */
    static boolean isStored(StoreInput input, KernelEntry entry) {
        KernelMetadata stored = entry.metadata();
        StoredDetails jvm = stored.jvm();
        StoreInput.Vmlinux vmlinux = input.vmlinux();
        KernelConfig config = input.config();
        return jvm != null
                && jvm.imageSha256().equals(input.image().sha256())
                && jvm.modules().equals(input.choice().text())
                && Objects.equals(stored.configHash(), config == null ? null : config.hash())
                && Objects.equals(
                        stored.ktstrKconfigHash(),
                        input.request().ktstrKconfigHash().orElse(null))
                && Objects.equals(
                        stored.extraKconfigHash(),
                        input.request().extraKconfigHash().orElse(null))
                && stored.hasVmlinux() == (vmlinux != null)
                && (vmlinux == null || isSame(stored, jvm, vmlinux))
                && EntrySizes.problem(entry, jvm).isEmpty();
    }

    /** Whether an entry was made from the packages of a request; {@code .deb} files of one checksum have one content. */
    static boolean isOfPackages(StoreRequest request, KernelEntry entry) {
        StoredDetails jvm = entry.metadata().jvm();
        return jvm != null
                && !request.packages().isEmpty()
                && Set.copyOf(jvm.packages()).equals(Set.copyOf(request.packages()))
                && jvm.modules().equals(request.modules().text())
                && EntrySizes.problem(entry, jvm).isEmpty();
    }

    /** Whether its {@code vmlinux} could not be stripped when it was stored. */
    static boolean isRaw(KernelEntry entry) {
        StoredDetails jvm = entry.metadata().jvm();
        return jvm != null && NO_STRIP.equals(jvm.strip());
    }

    private static boolean isSame(KernelMetadata stored, StoredDetails jvm, StoreInput.Vmlinux vmlinux) {
        return Objects.equals(stored.sourceVmlinuxSize(), vmlinux.stat().size())
                && Objects.equals(jvm.sourceVmlinuxBuildId(), vmlinux.buildId())
                && Objects.equals(jvm.sourceVmlinuxKeptSha256(), vmlinux.keptSha256());
    }
}
