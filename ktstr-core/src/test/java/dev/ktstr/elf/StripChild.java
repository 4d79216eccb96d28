package dev.ktstr.elf;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;

/** Strips once in a fresh JVM, and prints how, or which exception it was, and how much memory it took. */
final class StripChild {
    private StripChild() {}

    public static void main(String[] arguments) throws IOException {
        try {
            StripReport report = VmlinuxStripper.strip(Path.of(arguments[0]), Path.of(arguments[1]));
            System.out.println("kind=" + report.kind().text());
        } catch (IOException e) {
            System.out.println("kind=" + e.getClass().getName());
        }
        long heap = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            heap += pool.getType() == MemoryType.HEAP ? pool.getPeakUsage().getUsed() : 0;
        }
        System.out.println("heap=" + heap);
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                System.out.println("resident=" + 1024 * Long.parseLong(line.replaceAll("\\D", "")));
            }
        }
    }
}
