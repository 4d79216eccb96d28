package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelFiles;
import dev.ktstr.cache.KernelSource;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.PackageId;
import dev.ktstr.cache.StoreContents;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that stores one kernel after the other, each when it is told to. Reads {@code KEY GENERATION FORM}, prints
 * {@code ready}, reads a line, stores, and prints {@code OUTCOME GENERATION INODE TIME BUILT}: what came of it, which entry
 * that is, and how often it made the files itself. Ends with its input.
 */
final class RoundMain {
    private final KernelCache cache;
    private final MarkedKernel kernel;
    private final Path scratch;
    private int built;

    private RoundMain(KernelCache cache, MarkedKernel kernel, Path scratch) {
        this.cache = cache;
        this.kernel = kernel;
        this.scratch = scratch;
    }

    /** Arguments: templates of boot image and vmlinux, store, scratch directory. */
    public static void main(String[] arguments) throws Exception {
        RoundMain member = new RoundMain(
                KernelCache.at(Path.of(arguments[2])),
                new MarkedKernel(Path.of(arguments[0]), Path.of(arguments[1])),
                Files.createTempDirectory(Path.of(arguments[3]), "round"));
        member.cache.lookup("nothing"); // loads classes and native code before the first round
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            String[] words = order.split(" ", -1);
            StoreRequest request = member.request(words[0], words[1], words[2].equals("packages"));
            System.out.println("ready");
            orders.readLine();
            System.out.println(member.store(request));
        }
    }

    private StoreRequest request(String key, String generation, boolean packages) throws IOException {
        built = 0;
        StoreRequest.Builder files = kernel.request(generation, scratch);
        if (!packages) {
            return files.key(key).build();
        }
        Path image = scratch.resolve("marked-vmlinuz");
        Path vmlinux = scratch.resolve("marked-vmlinux");
        return StoreRequest.builder()
                .key(key)
                .source(new KernelSource.Local(null, generation))
                .packages(List.of(new PackageId("linux-image", generation, "amd64", generation.repeat(4))))
                .contents(new StoreContents() {
                    @Override
                    public InputStream openImage() throws IOException {
                        return Files.newInputStream(image);
                    }

                    @Override
                    public KernelFiles provide(Path directory, Modules modules) {
                        built++;
                        return new KernelFiles(image, vmlinux, null, null);
                    }
                })
                .build();
    }

    private String store(StoreRequest request) throws Exception {
        StoreResult result = cache.store(request);
        return String.join(
                " ",
                result.outcome().name(),
                MarkedKernel.generation(result.entry()),
                Files.getAttribute(result.entry().directory(), "unix:ino").toString(),
                result.entry().metadata().builtAt(),
                Integer.toString(built));
    }
}
