package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.VerifyReport;
import dev.ktstr.event.EventSink;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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
    private final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
    private final KernelCache cache;
    private final PlantedDisks disks;
    private final Precious precious;

    private PlantedPlace(Path directory, MarkedKernel kernel) throws IOException {
        this.directory = directory;
        this.kernel = kernel;
        EventSink events = event -> {
            if (event.isWarning()) {
                warnings.add(event.message());
            }
        };
        this.cache = KernelCache.at(root()).withEvents(events);
        this.disks = new PlantedDisks(root(), events);
        this.precious = Precious.make(
                directory.resolve("outside"), disks.template().getFileName().toString());
    }

    /** @param directory an empty one */
    static PlantedPlace make(Path directory, MarkedKernel kernel) throws IOException {
        Path sources = Files.createDirectory(directory.resolve("sources"));
        for (Path open : List.of(directory, sources, Files.createDirectory(directory.resolve("root")))) {
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

    /** So old that it is left behind. */
    static Path aged(Path path) throws IOException {
        return Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(90)));
    }

    Path root() {
        return directory.resolve("root");
    }

    Precious precious() {
        return precious;
    }

    PlantedDisks disks() {
        return disks;
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
        requireWhole();
    }

    private void requireWhole() throws IOException {
        VerifyReport report = cache.verify(KEY);
        if (!report.isWhole()) {
            throw new IllegalStateException("what was stored is damaged: " + report.problems());
        }
    }

    private Path sources() {
        return directory.resolve("sources");
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

    void storeWhole() throws IOException {
        store();
        requireWhole();
    }

    void replace() throws IOException {
        replace(kernel.request(OTHER, sources()));
    }

    /** With all kinds of files, and a {@code vmlinux} that has to be stored as it is, because it cannot be stripped. */
    void replaceByUnstrippable() throws IOException {
        StoreRequest.Builder request = kernel.request(OTHER, sources());
        Unstrippable.make(sources().resolve("marked-vmlinux"));
        replace(request.config(Files.writeString(sources().resolve("config"), "# a configuration\n")));
    }

    private void replace(StoreRequest.Builder request) throws IOException {
        cache.store(request.key(KEY)
                .replace(true)
                .lockTimeout(Duration.ofSeconds(1))
                .build());
    }

    void use() throws Exception {
        attempt(cache::list);
        attempt(() -> cache.lookup(KEY));
        attempt(() -> cache.verify(KEY));
        attempt(cache::orphans);
        attempt(() -> cache.locks(LockSurvey.now(Environment.system())));
        attempt(() -> {
            try (KernelLease lease = cache.lease(KEY, Duration.ofSeconds(1))) {
                lease.check();
                lease.verify();
            }
        });
    }

    void clean() throws IOException {
        requireCodes(cache.clean(CleanPolicy.builder().all(true).build()));
    }

    /** What cannot be removed is told as a failure is. */
    static void requireCodes(CleanReport report) {
        for (CleanReport.Failed each : report.failed()) {
            if (!each.why().startsWith("KT-")) {
                throw new IllegalStateException("no code: " + each);
            }
        }
    }

    /** Does what can be done with a store; what is refused is refused. */
    List<Step> everything() {
        return List.of(this::store, this::use, this::replace, this::use, this::clean);
    }

    /** What is refused is refused; the rest of a step is to be tried all the same. */
    static void attempt(Step step) throws Exception {
        try {
            step.run();
        } catch (KtstrException refused) {
            return;
        }
    }

    static void repeat(int times, Step step) throws Exception {
        for (int i = 0; i < times; i++) {
            attempt(step);
        }
    }

    /** Runs steps, each of which either works or says what is wrong and what to do; what is wrong about that. */
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
            attempt(step);
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
            return Optional.of("it fails: " + trace(failed));
        }
    }

    private static String trace(Throwable failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    /** Whether a store works again once somebody has cleared the place up; what is wrong if it does not. */
    Optional<String> lastingHarm(Step next) throws Exception {
        Commands.run("rm", "-rf", root().toString());
        Files.createDirectory(root());
        Files.setPosixFilePermissions(root(), PosixFilePermissions.fromString("rwxrwxrwx"));
        try {
            next.run();
            return Optional.empty();
        } catch (IOException | IllegalStateException failed) {
            return Optional.of("afterwards it does not work: " + trace(failed));
        }
    }

    /** That others may write there is said once, whatever has been done; what is wrong if it was not. */
    Optional<String> wrongWarning() {
        String expected = root() + " is writable for all users";
        long count = warnings.stream().filter(each -> each.startsWith(expected)).count();
        return count == 1 ? Optional.empty() : Optional.of("warned " + count + " times: " + warnings);
    }

    void delete() throws IOException, InterruptedException {
        Commands.run("rm", "-rf", directory.toString());
    }
}
