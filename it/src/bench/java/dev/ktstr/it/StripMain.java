package dev.ktstr.it;

import dev.ktstr.elf.VmlinuxStripper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A new JVM that strips once, and prints how long that took, in seconds, and what it added to the peak of memory, in bytes. */
final class StripMain {
    private StripMain() {}

    /** Arguments: what is stripped, and a file that is not there. */
    public static void main(String[] arguments) throws IOException {
        Path input = Path.of(arguments[0]);
        Path output = Path.of(arguments[1]);
        long before = peak();
        long begin = System.nanoTime();
        VmlinuxStripper.strip(input, output);
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.println(seconds + " " + (peak() - before));
    }

    /** {@code VmHWM} of proc_pid_status(5). */
    private static long peak() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }
}
