package dev.ktstr.os;

import com.sun.jna.Platform;

/** The machine this JVM runs on. */
public final class Machine {
    private Machine() {}

    /** As {@code uname -m} has it: {@code x86_64}, {@code aarch64}, or JNA's name of another. */
    public static String arch() {
        return Platform.ARCH.equals("x86-64") ? "x86_64" : Platform.ARCH;
    }
}
