package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.VerifyReport;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A store that all users may write to, and beside it what is only ours and nobody must touch. What is done to the store is
 * done here, and what came of it is looked at.
 */
final class PlantedPlace {
    static final String KEY = "k";

    /** Of everybody: who is led from one directory into another finds there what it looks for. */
    private static final int FILES = 100;

    /** What waits for a pipe waits for ever; what makes traps again and again takes long on a busy machine. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String ONE = "0123456789abcdef";
    private static final String OTHER = "fedcba9876543210";

    /** Something that we do. */
    interface Step {
        void run() throws Exception;
    }

    private final Path directory;
    private final MarkedKernel kernel;
    private final KernelCache cache;
    private final Map<String, String> before;

    private PlantedPlace(Path directory, MarkedKernel kernel) throws IOException {
        this.directory = directory;
        this.kernel = kernel;
        this.cache = KernelCache.at(root()).withEvents(event -> {});
        this.before = outside(directory);
    }

    /** @param directory an empty one */
    static PlantedPlace make(Path directory, MarkedKernel kernel) throws IOException {
        Path precious = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(precious.resolve("file"), "precious");
        Files.setPosixFilePermissions(precious.resolve("file"), PosixFilePermissions.fromString("rw-------"));
        filled(precious.resolve("directory"));
        Path sources = Files.createDirectory(directory.resolve("sources"));
        Path root = Files.createDirectory(directory.resolve("root"));
        for (Path open : List.of(directory, root, sources)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        return new PlantedPlace(directory, kernel);
    }

    static Path filled(Path made) throws IOException {
        Files.createDirectories(made);
        for (int i = 0; i < FILES; i++) {
            Files.createFile(made.resolve("file-" + i));
        }
        Files.createFile(made.resolve("metadata.json"));
        return made;
    }

    Path root() {
        return directory.resolve("root");
    }

    /** A file that is ours alone. */
    Path file() {
        return directory.resolve("outside/file");
    }

    /** A directory that is ours alone. */
    Path ours() {
        return directory.resolve("outside/directory");
    }

    Path nothing() {
        return directory.resolve("outside/nothing");
    }

    /** Two boot images, of different generations. */
    List<Path> images() throws IOException {
        List<Path> images = new ArrayList<>();
        for (String generation : List.of(ONE, OTHER)) {
            kernel.request(generation, sources());
            images.add(OtherUser.owned(
                    Files.copy(sources().resolve("marked-vmlinuz"), sources().resolve(generation))));
        }
        return images;
    }

    /** Stores a boot image; what is stored then must be one. */
    void storeOne(Path image) throws Exception {
        KernelEntry stored = cache.store(StoreRequest.builder()
                        .key(KEY)
                        .image(image)
                        .replace(true)
                        .build())
                .entry();
        MarkedKernel.generation(stored.image());
        VerifyReport report = cache.verify(KEY);
        if (!report.isWhole()) {
            throw new IllegalStateException("what was stored is damaged: " + report.problems());
        }
    }

    private Path sources() {
        return directory.resolve("sources");
    }

    KernelCache cache() {
        return cache;
    }

    Path locks() throws IOException {
        Path locks = Files.createDirectories(root().resolve(".locks"));
        Files.setPosixFilePermissions(locks, PosixFilePermissions.fromString("rwxrwxrwx"));
        return locks;
    }

    Path entry() {
        return root().resolve(KEY);
    }

    void store() throws IOException {
        cache.store(kernel.request(ONE, sources()).key(KEY).build());
    }

    void replace() throws IOException {
        cache.store(kernel.request(OTHER, sources())
                .key(KEY)
                .replace(true)
                .lockTimeout(Duration.ofSeconds(1))
                .build());
    }

    void use() throws IOException {
        cache.list();
        cache.lookup(KEY);
        cache.verify(KEY);
        cache.orphans();
        cache.locks(LockSurvey.now(Environment.system()));
        try (KernelLease lease = cache.lease(KEY, Duration.ofSeconds(1))) {
            lease.check();
            lease.verify();
        }
    }

    void clean() throws IOException {
        cache.clean(CleanPolicy.builder().all(true).build());
    }

    /** Does what can be done with a store; what is refused is refused. */
    List<Step> everything() {
        return List.of(this::store, this::use, this::replace, this::use, this::clean);
    }

    /** Runs steps, each of which either works or fails with an {@link IOException}; what is wrong about that. */
    static Optional<String> problem(List<Step> steps) throws InterruptedException {
        for (Step step : steps) {
            Optional<String> problem = problem(step);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problem(Step step) throws InterruptedException {
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            step.run();
            return true;
        });
        Thread thread = new Thread(task, "planted");
        thread.setDaemon(true); // one that waits for a pipe does not even end when it is interrupted
        thread.start();
        try {
            task.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return Optional.empty();
        } catch (TimeoutException hangs) {
            return Optional.of("it hangs: " + List.of(thread.getStackTrace()));
        } catch (ExecutionException failed) {
            return failed.getCause() instanceof IOException
                    ? Optional.empty()
                    : Optional.of("it fails: " + trace(failed));
        }
    }

    private static String trace(Throwable failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    /** What is no longer as it was of what is only ours. */
    Optional<String> harm() throws IOException {
        Map<String, String> now = outside(directory);
        List<String> harm = new ArrayList<>();
        for (Map.Entry<String, String> each : before.entrySet()) {
            String found = now.remove(each.getKey());
            if (!each.getValue().equals(found)) {
                harm.add(each.getKey() + " was " + each.getValue() + " and is " + (found == null ? "gone" : found));
            }
        }
        now.forEach((path, what) -> harm.add(path + " is new: " + what));
        return harm.isEmpty() ? Optional.empty() : Optional.of("harm was done outside: " + harm);
    }

    /** Whether a store works again once somebody has cleared the place up; what is wrong if it does not. */
    Optional<String> lastingHarm() throws IOException, InterruptedException {
        Commands.run("rm", "-rf", root().toString());
        Files.createDirectory(root());
        try {
            store();
            VerifyReport report = cache.verify(KEY);
            return report.isWhole() ? Optional.empty() : Optional.of("the next store is damaged: " + report.problems());
        } catch (IOException failed) {
            return Optional.of("the next store fails: " + failed);
        }
    }

    /** Of every file: kind, mode and what is in it. */
    private static Map<String, String> outside(Path directory) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(directory.resolve("outside"))) {
            for (Path each : files.toList()) {
                Object mode = Files.getAttribute(each, "unix:mode", LinkOption.NOFOLLOW_LINKS);
                boolean isFile = Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS);
                all.put(
                        directory.relativize(each).toString(),
                        mode + (isFile ? " " + HexFormat.of().formatHex(Files.readAllBytes(each)) : ""));
            }
        }
        return all;
    }
}
