package dev.ktstr.os;

import com.sun.jna.Platform;
import java.util.BitSet;

/** The machine this JVM runs on. */
public final class Machine {
    /** Bytes of glibc's cpu_set_t, one bit for each CPU. */
    private static final int CPU_MASK = 128;

    private static final int LARGEST_CPU_MASK = 1 << 13;

    private Machine() {}

    /** As {@code uname -m} has it: {@code x86_64}, {@code aarch64}, or JNA's name of another. */
    public static String arch() {
        return Platform.ARCH.equals("x86-64") ? "x86_64" : Platform.ARCH;
    }

    /**
     * The CPUs that the calling thread may run on, of those that are in use: sched_getaffinity(2).
     *
     * @throws OsException if the kernel does not say
     */
    public static BitSet allowedCpus() throws OsException, NativeAccessException {
        LibC.require();
        for (int size = CPU_MASK; ; size *= 2) {
            byte[] mask = new byte[size];
            if (LibC.sched_getaffinity(0, size, mask) == 0) {
                return BitSet.valueOf(mask); // little-endian longs, on both architectures
            }
            if (size >= LARGEST_CPU_MASK || !LibC.failedWith(Errno.EINVAL)) { // which says that the kernel's is larger
                throw LibC.failure("sched_getaffinity", null);
            }
        }
    }
}
