package dev.ktstr.lock;

import dev.ktstr.FuzzTarget;
import java.nio.charset.StandardCharsets;

/** {@code /proc/locks}. */
public final class ProcLocksFuzzTest extends FuzzTarget {
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            String text = new String(input, StandardCharsets.ISO_8859_1);
            ProcLocks.parse(text).forEach((file, holders) -> {
                check(!holders.isEmpty(), "a file that is locked has a holder");
                holders.keySet().forEach(pid -> check(pid >= 0, "a pid is one"));
            });
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }
}
