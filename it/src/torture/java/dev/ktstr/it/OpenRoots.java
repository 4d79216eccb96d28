package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.event.EventSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Who uses a root that others may write to is warned: once in a process, whatever is done in it. */
final class OpenRoots {
    private final MarkedKernel kernel;
    private final Trials trials;

    OpenRoots(MarkedKernel kernel, Trials trials) {
        this.kernel = kernel;
        this.trials = trials;
    }

    /** @param mode of the root */
    void run(Path directory, String mode, List<String> expected) throws IOException {
        Path root = Files.createDirectory(directory.resolve("root"));
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString(mode));
        // What is told once in a process is remembered by its environment: two of them are as two processes.
        for (int i = 0; i < 2; i++) {
            Environment environment = Environment.of(Map.of("KTSTR_CACHE_DIR", root.toString()), directory);
            List<String> told = new ArrayList<>();
            EventSink events = event -> {
                if (event.isWarning() && event.message().startsWith(root + " is writable for ")) {
                    told.add(event.message());
                }
            };
            use(environment, events, directory);
            List<String> who = told.stream()
                    .map(text -> text.replaceFirst(".* is writable for ([^:]*):.*", "$1"))
                    .toList();
            String kind = "a root of mode " + mode;
            trials.fired(kind);
            if (!who.equals(expected)) {
                trials.violation(kind, "warned " + told + " instead of " + expected);
            }
        }
    }

    private void use(Environment environment, EventSink events, Path scratch) throws IOException {
        for (int i = 0; i < 2; i++) {
            KernelCache cache = KernelCache.open(environment, events);
            cache.store(kernel.request("0123456789abcdef", scratch).key("k").build());
            try (KernelLease lease = cache.lease("k")) {
                lease.check();
            }
            cache.verify("k");
            DiskTemplates.open(environment)
                    .withEvents(events)
                    .newDisk(DiskSpec.builder().size("8M").build())
                    .close();
        }
    }
}
