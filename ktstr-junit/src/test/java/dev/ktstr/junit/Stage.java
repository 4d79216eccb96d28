package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.OutputDirectoryProvider;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** A store of one's own, and runs of test classes on it. */
final class Stage {
    final Path directory;
    final Path cache;
    final Path output;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private Look look = () -> {};

    /** What is done while tests run. */
    interface Look {
        void around() throws IOException;
    }

    Stage(Path directory) {
        this.directory = directory;
        this.cache = directory.resolve("cache");
        this.output = directory.resolve("output");
        set("ktstr.cacheDir", cache.toString());
    }

    Stage set(String parameter, String value) {
        settings.put(parameter, value);
        return this;
    }

    /** Before the first file of a test is kept. */
    Stage whenSomethingIsKept(Look other) {
        this.look = other;
        return this;
    }

    Stage inParallel() {
        return set("junit.jupiter.execution.parallel.enabled", "true")
                .set("junit.jupiter.execution.parallel.mode.default", "concurrent")
                .set("junit.jupiter.execution.parallel.mode.classes.default", "concurrent")
                .set("junit.jupiter.execution.parallel.config.strategy", "fixed")
                .set("junit.jupiter.execution.parallel.config.fixed.parallelism", "8");
    }

    /** Stores the smallest kernel of a version; its key. */
    String store(String version) throws IOException {
        Files.createDirectories(directory);
        String key = "k-" + version;
        Path image = Files.write(directory.resolve("image-" + version), image(version + " (me@host) #1 SMP"));
        kernels().store(StoreRequest.builder().key(key).image(image).build());
        return key;
    }

    /** Makes a stored kernel unusable. */
    void damage(String key) throws IOException {
        Files.writeString(cache.resolve(key).resolve("metadata.json"), "{");
    }

    KernelCache kernels() {
        return KernelCache.at(cache);
    }

    EngineExecutionResults run(Class<?>... testClasses) {
        EngineTestKit.Builder kit = EngineTestKit.engine("junit-jupiter").outputDirectoryProvider(provider());
        settings.forEach(kit::configurationParameter);
        for (Class<?> testClass : testClasses) {
            kit.selectors(selectClass(testClass));
        }
        return kit.execute();
    }

    private OutputDirectoryProvider provider() {
        return new OutputDirectoryProvider() {
            @Override
            public Path getRootDirectory() {
                return output;
            }

            @Override
            public Path createOutputDirectory(TestDescriptor test) throws IOException {
                look.around();
                String name = test.getUniqueId().getLastSegment().getValue().replaceAll("[^A-Za-z0-9]+", "-");
                return Files.createDirectories(output.resolve(name));
            }
        };
    }

    /** What tests and containers failed or were aborted with. */
    static List<Throwable> thrown(EngineExecutionResults results) {
        return results.allEvents().finished().stream()
                .flatMap(event -> event.getPayload(TestExecutionResult.class).stream())
                .flatMap(result -> result.getThrowable().stream())
                .toList();
    }

    static List<String> messages(EngineExecutionResults results) {
        return thrown(results).stream().map(Throwable::toString).toList();
    }

    static List<String> skipReasons(EngineExecutionResults results) {
        return results.allEvents().skipped().stream()
                .flatMap(event -> event.getPayload(String.class).stream())
                .toList();
    }

    /** The display names of what has run, in that order. */
    static List<String> names(EngineExecutionResults results) {
        return results.allEvents().started().stream()
                .map(Event::getTestDescriptor)
                .map(TestDescriptor::getDisplayName)
                .toList();
    }

    static void assertPassed(EngineExecutionResults results, int tests) {
        assertThat(thrown(results)).isEmpty();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(tests);
    }

    /** How often this process holds the lock of a kernel. */
    long locks(String key) throws IOException {
        return locks(cache.resolve(".locks").resolve(key + ".lock"));
    }

    /** By descriptor: lines of /proc/locks come twice when others lock and unlock while it is read. */
    static long locks(Path lockFile) throws IOException {
        if (!Files.exists(lockFile)) {
            return 0;
        }
        String inode = ":" + Files.getAttribute(lockFile, "unix:ino") + " ";
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fdinfo"))) {
            return descriptors.filter(each -> hasLock(each, inode)).count();
        }
    }

    private static boolean hasLock(Path descriptor, String inode) {
        try {
            return Files.readAllLines(descriptor).stream()
                    .anyMatch(line -> line.startsWith("lock:") && line.contains(inode));
        } catch (IOException closed) {
            return false;
        }
    }

    /** The file of a named lock of this process's environment. */
    static Path namedLock(String name) throws IOException {
        return HostLocks.of(Environment.system())
                .named(name, Environment.system(), event -> {})
                .lockFile();
    }

    /** Removes what a named lock leaves: nobody else knows that name. */
    static void removeNamedLock(String name) throws IOException {
        Path file = namedLock(name);
        Files.deleteIfExists(file);
        Files.deleteIfExists(file.resolveSibling("ktstr-holders").resolve(file.getFileName()));
    }

    /** What there is besides kernels, templates and lock files: nothing, when all is done. */
    List<String> remains() throws IOException {
        try (Stream<Path> top = Files.list(cache);
                Stream<Path> holders = Files.walk(cache.resolve(".locks/holders"))) {
            return Stream.concat(
                            top.map(path -> path.getFileName().toString())
                                    .filter(name -> !name.matches("k-.*|ext4-.*|btrfs-.*|xfs-.*|\\.locks")),
                            holders.filter(Files::isRegularFile).map(Path::toString))
                    .toList();
        }
    }

    /** Disks that this process has open. */
    static long openDisks() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(Stage::isTemporary).count();
        }
    }

    private static boolean isTemporary(Path link) {
        try {
            String target = Files.readSymbolicLink(link).toString();
            return target.contains("/cache/#") && target.endsWith("(deleted)");
        } catch (IOException closed) {
            return false;
        }
    }

    private static byte[] image(String banner) {
        boolean isX86 = Machine.arch().equals("x86_64");
        ByteBuffer image = ByteBuffer.allocate(0x2000).order(ByteOrder.LITTLE_ENDIAN);
        if (isX86) {
            image.putShort(0x1fe, (short) 0xaa55);
            put(image, 0x202, "HdrS");
            image.putShort(0x206, (short) 0x020f);
            image.putShort(0x20e, (short) (0x600 - 0x200));
            put(image, 0x600, banner);
        } else {
            put(image, 56, "ARMd");
            put(image, 0x1000, "Linux version " + banner + "\n");
        }
        return image.array();
    }

    private static void put(ByteBuffer image, int position, String text) {
        image.put(position, (text + "\0").getBytes(StandardCharsets.US_ASCII), 0, text.length());
    }
}
