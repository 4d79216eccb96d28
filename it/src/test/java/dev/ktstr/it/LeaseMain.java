package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A process that holds a kernel: prints {@code held} or why it could not, and lets go when its input ends. */
final class LeaseMain {
    private LeaseMain() {}

    /** Arguments: cache directory, key, how many milliseconds to wait. */
    public static void main(String[] arguments) throws IOException {
        Duration timeout = Duration.ofMillis(Long.parseLong(arguments[2]));
        try (KernelLease lease = KernelCache.at(Path.of(arguments[0])).lease(arguments[1], timeout)) {
            System.out.println("held " + lease.entry().key());
            System.in.read();
        } catch (IOException failed) {
            System.out.println(failed.getMessage());
        }
    }
}
