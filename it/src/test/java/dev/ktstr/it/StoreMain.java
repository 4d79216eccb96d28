package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.StoreResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A process that stores a kernel once it is told to: prints {@code ready}, reads a byte, prints the outcome. */
final class StoreMain {
    private StoreMain() {}

    /** Arguments: cache directory, key, boot image, vmlinux, configuration. */
    public static void main(String[] arguments) throws IOException {
        KernelCache cache = KernelCache.at(Path.of(arguments[0]));
        cache.lookup("nothing"); // loads classes and native code before the starting signal
        RealKernel kernel = new RealKernel(Path.of(arguments[2]), Path.of(arguments[3]), Path.of(arguments[4]));
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        StoreResult result = cache.store(kernel.request().key(arguments[1]).build());
        System.out.println(result.outcome() + " " + result.strip().isPresent());
    }

    static String[] arguments(Path cache, String key, RealKernel kernel) {
        return new String[] {
            cache.toString(),
            key,
            kernel.image().toString(),
            kernel.vmlinux().toString(),
            kernel.config().toString()
        };
    }

    /** Starts a process of this and waits until it is ready. */
    static Process start(Path cache, String key, RealKernel kernel) throws IOException {
        Process process = Commands.start(Commands.jvm(StoreMain.class, arguments(cache, key, kernel)));
        for (char expected : "ready\n".toCharArray()) {
            int read = process.getInputStream().read();
            if (read != expected) {
                throw new IOException("the child did not get ready: " + (char) read
                        + new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return process;
    }

    static void go(Process process) throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }
}
