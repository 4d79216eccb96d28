package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.Reservation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Reserves one CPU again and again, and writes down when: one of many processes. */
final class ReserveMain {
    private ReserveMain() {}

    /** Arguments: a file to append to, how many rounds, and how many milliseconds to hold the CPU in each. */
    public static void main(String... arguments) throws Exception {
        Path log = Path.of(arguments[0]);
        HostResources host = HostResources.open(Environment.system());
        for (int round = 0; round < Integer.parseInt(arguments[1]); round++) {
            try (Reservation reserved = host.reserveCpus(1, Duration.ofMinutes(2))) {
                long from = System.nanoTime();
                System.out.println("reserved " + reserved.cpus().get(0));
                TimeUnit.MILLISECONDS.sleep(Long.parseLong(arguments[2]));
                // One write: whole lines also from many processes (O_APPEND, write(2)).
                String line = reserved.cpus().get(0) + " " + from + " " + System.nanoTime() + " "
                        + ProcessHandle.current().pid() + "\n";
                Files.write(log, line.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.APPEND);
            }
        }
    }
}
