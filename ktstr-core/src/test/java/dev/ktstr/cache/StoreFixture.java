package dev.ktstr.cache;

import dev.ktstr.Environment;
import dev.ktstr.elf.TestVmlinux;
import dev.ktstr.event.KtstrEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** A cache in a directory of its own, files to store, and what the cache has told. */
final class StoreFixture {
    final Path directory;
    final Path root;
    final Path image;
    final List<KtstrEvent> events = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, String> variables = new HashMap<>();
    private Instant now = Instant.parse("2026-04-12T10:00:00Z");

    StoreFixture(Path directory) throws IOException {
        this.directory = directory;
        this.root = directory.resolve("kernels");
        this.image = TestKernels.bzImage(directory.resolve("vmlinuz"), TestVmlinux.BANNER);
    }

    StoreFixture variable(String name, String value) {
        variables.put(name, value);
        return this;
    }

    /** Sets the clock that later stores see. */
    StoreFixture at(String instant) {
        now = Instant.parse(instant);
        return this;
    }

    KernelCache cache() {
        Environment environment =
                Environment.of(variables, directory).withClocks(Clock.fixed(now, ZoneOffset.UTC), System::nanoTime);
        return KernelCache.at(root, environment).withEvents(events::add);
    }

    StoreRequest.Builder request(String key) {
        return StoreRequest.builder().key(key).image(image).lockTimeout(Duration.ofSeconds(20));
    }

    StoreResult store(String key) throws IOException {
        return cache().store(request(key).build());
    }

    Path file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    List<String> warnings() {
        return events.stream()
                .filter(KtstrEvent.Warning.class::isInstance)
                .map(KtstrEvent::message)
                .toList();
    }

    /** The names in the root, without the locks. */
    List<String> names() throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(root)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(".locks"))
                    .sorted()
                    .toList();
        }
    }

    /** An entry as the original writes it: boot image and metadata, nothing of ours. */
    Path original(String key, String source) throws IOException {
        return original(key, source, "2026-01-01T00:00:00Z");
    }

    Path original(String key, String source, String builtAt) throws IOException {
        Path entry = Files.createDirectories(root.resolve(key));
        Files.writeString(entry.resolve("bzImage"), "boot image of " + key);
        Files.writeString(entry.resolve("metadata.json"), """
                {
                  "version": "6.14.2",
                  "source": %s,
                  "arch": "x86_64",
                  "image_name": "bzImage",
                  "config_hash": "0badcafe",
                  "built_at": "%s",
                  "ktstr_kconfig_hash": "deadbeef",
                  "extra_kconfig_hash": null,
                  "has_vmlinux": false,
                  "vmlinux_stripped": false,
                  "source_vmlinux_size": null,
                  "source_vmlinux_mtime_secs": null
                }
                """.formatted(source, builtAt));
        return entry;
    }

    /** What another thread takes: a thread that would wait for itself is refused at once. */
    static <T> T byAnotherThread(Callable<T> taking) throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            return other.submit(taking).get();
        } finally {
            other.shutdown();
        }
    }
}
