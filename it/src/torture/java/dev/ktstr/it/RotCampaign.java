package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Every byte of an entry counts: whichever is flipped, {@code verify} finds it. And every lease finds files of another size,
 * and other files, as far as {@link dev.ktstr.cache.KernelLease} promises.
 */
final class RotCampaign implements Campaign {
    private static final int SMALL = 64 << 10;
    private static final int HALVES = 2;

    @Override
    public String name() {
        return "rot";
    }

    @Override
    public String title() {
        return "rot: bytes flipped in every file of an entry, files of another size, other files";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        Path directory = arena.newDirectory();
        Random random = arena.random();
        KernelCache cache = KernelCache.at(directory.resolve("kernels"));
        StoreRequest.Builder small = withModules(tiny(directory), directory);
        RealKernel real = RealKernel.require();
        for (int half = 0; half < HALVES; half++) {
            cache.store(small.key("small-" + half).build());
            cache.store(real.request().key("real-" + half).build());
        }
        long seed = random.nextLong();
        inParallel(half -> {
            Random own = new Random(seed + half);
            flipSmall(new RottenEntry(cache, "small-" + half, trials), half, own, arena.extent());
            flipReal(new RottenEntry(cache, "real-" + half, trials), own, arena.extent());
        });

        RottenLease lease = new RottenLease(cache, small.key("leased").build(), trials);
        lease.run();
    }

    private interface Half {
        void run(int number) throws Exception;
    }

    private static void inParallel(Half work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(HALVES);
        try {
            List<Future<?>> halves = new ArrayList<>();
            for (int i = 0; i < HALVES; i++) {
                int number = i;
                halves.add(threads.submit(() -> {
                    work.run(number);
                    return null;
                }));
            }
            for (Future<?> half : halves) {
                half.get();
            }
        } finally {
            threads.shutdownNow();
            threads.awaitTermination(1, TimeUnit.MINUTES);
        }
    }

    /** Of an entry whose bytes are few, so that all can be tried: every other one, because the other half has the others. */
    private static void flipSmall(RottenEntry entry, int half, Random random, Extent extent) throws Exception {
        for (Path file : entry.files()) {
            if (extent == Extent.LONG) {
                entry.flipEveryBit(file, half, HALVES);
            } else if (file.endsWith(RottenEntry.METADATA)) {
                entry.flipEveryByte(file, half, HALVES, random);
            } else {
                entry.flipSome(file, 15, random);
            }
        }
        entry.requireWhole();
    }

    private static void flipReal(RottenEntry entry, Random random, Extent extent) throws Exception {
        for (Path file : entry.files()) {
            entry.flipSome(file, extent.of(2, Files.size(file) > SMALL ? 1_000 : 100), random);
        }
        entry.requireWhole();
    }

    /** A kernel of a few thousand bytes. */
    private static StoreRequest.Builder tiny(Path directory) throws Exception {
        byte[] image = Files.readAllBytes(MarkedKernel.make(directory).imageTemplate());
        return StoreRequest.builder()
                .image(Files.write(directory.resolve("tiny-vmlinuz"), Arrays.copyOf(image, 0x800)))
                .vmlinux(MarkedKernel.compile(directory.resolve("tiny-vmlinux"), "-DREPEATS=1"));
    }

    /** With everything that an entry can have. */
    private static StoreRequest.Builder withModules(StoreRequest.Builder request, Path directory) throws Exception {
        Path modules = Files.createDirectory(directory.resolve("modules"));
        Path kernel = Files.createDirectories(modules.resolve("kernel/drivers"));
        module(kernel.resolve("virtio_pci.ko"), "");
        module(kernel.resolve("ext4.ko"), "jbd2");
        module(kernel.resolve("jbd2.ko"), "");
        Files.writeString(modules.resolve("modules.order"), "kernel/drivers/virtio_pci.ko\n");
        Path config = Files.writeString(directory.resolve("config"), "CONFIG_EXT4_FS=m\n");
        return request.config(config).modules(Modules.ALL).modulesDir(modules);
    }

    private static void module(Path target, String depends) throws IOException, InterruptedException {
        String name = target.getFileName().toString().replace(".ko", "");
        Peer.compile(
                "gcc",
                "../../torture/c/module.c",
                target,
                "-c",
                "-DNAME=\"" + name + "\"",
                "-DDEPENDS=\"" + depends + "\"");
    }
}
