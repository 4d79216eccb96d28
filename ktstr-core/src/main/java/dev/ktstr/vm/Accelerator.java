package dev.ktstr.vm;

import java.util.Locale;

/** How QEMU runs the guest's instructions. */
public enum Accelerator {
    /** KVM where guests really run under it, else TCG, saying why. */
    AUTO,
    /** The processor itself, by way of {@code /dev/kvm}. */
    KVM,
    /** QEMU's own translation: works everywhere, and is several times slower. */
    TCG;

    /** As settings and QEMU say it: {@code auto}, {@code kvm}, {@code tcg}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
