package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import java.io.IOException;
import java.nio.file.Path;

/**
 * One of many processes that store a kernel once they are told to. It stores a small one in a store of its own before, so that
 * what is measured is not the loading of classes; prints {@code ready}, reads a byte, stores, and prints
 * {@code nanoseconds STORED true}: when it had finished, by the clock that all processes share (CLOCK_MONOTONIC), what it
 * did, and whether it stripped.
 */
final class CrowdMain {
    private CrowdMain() {}

    /** Arguments: store, boot image, vmlinux, configuration; a store of its own, a small boot image, a small vmlinux. */
    public static void main(String[] arguments) throws IOException {
        KernelCache own = KernelCache.at(Path.of(arguments[4]));
        own.store(StoreRequest.builder()
                .image(Path.of(arguments[5]))
                .vmlinux(Path.of(arguments[6]))
                .build());
        KernelCache cache = KernelCache.at(Path.of(arguments[0]));
        RealKernel kernel = new RealKernel(Path.of(arguments[1]), Path.of(arguments[2]), Path.of(arguments[3]));
        cache.lookup("nothing");
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        StoreResult result = cache.store(kernel.request().build());
        System.out.println(System.nanoTime() + " " + result.outcome() + " "
                + result.strip().isPresent());
    }
}
