package dev.ktstr.it;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.publish.CleanReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;

/**
 * A process that writes to a store on several threads, each on a key of its own, until the first call of each fails, and says
 * before and after every call what it does: {@code begin KEY VALUE}, {@code end KEY VALUE}, {@code fail KEY WHY}, at last {@code
 * idle}. Standard input: {@code go SEED} starts, {@code stop} ends it after the calls under way; the end of it ends the process.
 */
final class LoadMain {
    /** Kernels that are stored, replaced and removed. */
    static final List<String> KERNELS = List.of("k1", "k2");

    /** That of them which has everything that an entry can have. */
    private static final String FULL = "k2";

    /** The key that stands for the one template, whatever its own is. */
    static final String TEMPLATE = "template";

    private static final int LONGEST = 250;

    private final KernelCache cache;
    private final DiskTemplates templates;
    private final DiskSpec disk;
    private final MarkedKernel kernel;
    private final Path scratch;
    private volatile boolean stopped;

    private LoadMain(Path root, MarkedKernel kernel, Path scratch) throws IOException {
        this.cache = KernelCache.at(root).withEvents(event -> {});
        this.templates = DiskTemplates.at(root).withEvents(event -> {});
        this.disk = disk();
        this.kernel = kernel;
        this.scratch = scratch;
    }

    /** Arguments: store, templates of boot image and vmlinux, scratch directory. */
    public static void main(String[] arguments) throws Exception {
        MarkedKernel kernel = new MarkedKernel(Path.of(arguments[1]), Path.of(arguments[2]));
        LoadMain load = new LoadMain(Path.of(arguments[0]), kernel, Path.of(arguments[3]));
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> running = new ArrayList<>();
        try (BufferedReader commands =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                if (line.startsWith("go ")) {
                    Random seeds = new Random(Long.parseLong(line.substring(3)));
                    load.stopped = false;
                    for (String key : KERNELS) {
                        Random random = new Random(seeds.nextLong());
                        running.add(threads.submit(() -> load.use(key, random)));
                    }
                    Random random = new Random(seeds.nextLong());
                    running.add(threads.submit(() -> load.use(TEMPLATE, random)));
                } else {
                    load.stopped = line.equals("stop");
                    for (Future<?> each : running) {
                        each.get();
                    }
                    running.clear();
                    say("idle");
                }
            }
        } finally {
            load.stopped = true;
            threads.shutdown();
        }
    }

    static List<String> command(Path root, MarkedKernel kernel, Path scratch) {
        return Commands.jvm(
                LoadMain.class,
                root.toString(),
                kernel.imageTemplate().toString(),
                kernel.vmlinuxTemplate().toString(),
                scratch.toString());
    }

    /** A small disk. */
    static DiskSpec disk() throws IOException {
        return DiskSpec.builder().size("8M").build();
    }

    /** What a template is known by. */
    static String checksum(Path image) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(Files.readAllBytes(image));
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    /** A tree of modules that is made for it: where. */
    static Path modules(Path scratch) {
        return scratch.resolve("modules");
    }

    /** Something of which no two are the same. */
    static String generation(Random random) {
        return HexFormat.of().toHexDigits(random.nextLong());
    }

    private void use(String key, Random random) {
        try {
            Path own = Files.createDirectories(scratch.resolve(key));
            String last = generation(random);
            while (!stopped) {
                int dice = random.nextInt(100);
                if (key.equals(TEMPLATE)) {
                    template(dice < 70);
                } else if (dice < 25) {
                    remove(key);
                } else {
                    last = dice < 40 ? last : generation(random); // the same once more: a recheck, or back again
                    store(key, last, own, random.nextBoolean());
                }
            }
        } catch (IOException | RuntimeException | AssertionError failed) {
            String why = String.valueOf(failed).replaceAll("\\s+", " ");
            say("fail " + key + " " + why.substring(0, Math.min(why.length(), LONGEST)));
        }
    }

    private void store(String key, String generation, Path own, boolean replace) throws IOException {
        say("begin " + key + " " + generation);
        StoreRequest.Builder request = kernel.request(generation, own).key(key).replace(replace);
        if (key.equals(FULL)) {
            request.config(Files.writeString(own.resolve("config"), "# of generation " + generation + "\n"))
                    .modules(Modules.ALL)
                    .modulesDir(modules(scratch));
        }
        cache.store(request.build());
        say("end " + key + " " + generation);
    }

    private void remove(String key) throws IOException {
        if (cache.lookup(key).isPresent()) {
            say("begin " + key + " " + Ledger.ABSENT);
            require(cache.clean(CleanPolicy.builder().key(key).build()));
            say("end " + key + " " + Ledger.ABSENT);
        }
    }

    private void template(boolean wanted) throws IOException {
        say("begin " + TEMPLATE + " " + (wanted ? Ledger.ANY : Ledger.ABSENT));
        if (wanted) {
            Path image = templates.ensure(disk).image();
            String checksum;
            try {
                checksum = checksum(image);
            } catch (IOException gone) {
                checksum = Ledger.ANY; // it was there when the call returned
            }
            say("end " + TEMPLATE + " " + checksum);
        } else {
            require(templates.clean(false));
            say("end " + TEMPLATE + " " + Ledger.ABSENT);
        }
    }

    private static void require(CleanReport report) throws IOException {
        if (!report.failed().isEmpty() || !report.skipped().isEmpty()) {
            throw new IOException("not removed: " + report);
        }
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
