package dev.ktstr.it;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.SourceTree;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Uses a store, one call after the other, and keeps a ledger of what should be in it. */
final class StoreUser {
    private final KernelCache cache;
    private final DiskTemplates templates;
    private final MarkedKernel kernel;
    private final Path scratch;
    private final Ledger ledger = new Ledger();

    StoreUser(Path root, MarkedKernel kernel, Path scratch) {
        this(
                KernelCache.at(root).withEvents(event -> {}),
                DiskTemplates.at(root).withEvents(event -> {}),
                kernel,
                scratch);
    }

    StoreUser(KernelCache cache, DiskTemplates templates, MarkedKernel kernel, Path scratch) {
        this.cache = cache;
        this.templates = templates;
        this.kernel = kernel;
        this.scratch = scratch;
    }

    Ledger ledger() {
        return ledger;
    }

    Attempt store(String key, String generation) {
        ledger.begun(key, generation);
        Attempt attempt = Attempt.of(
                "store " + key,
                () -> cache.store(kernel.request(generation, scratch).key(key).build())
                        .outcome()
                        .toString());
        return ended(attempt, key, generation);
    }

    Attempt remove(String key) {
        ledger.begun(key, Ledger.ABSENT);
        Attempt attempt = Attempt.of(
                "remove " + key,
                () -> report(cache.clean(CleanPolicy.builder().key(key).build())));
        return ended(attempt, key, Ledger.ABSENT);
    }

    /** Removes debris, and nothing else. */
    Attempt sweep() {
        return Attempt.of(
                "sweep",
                () -> report(cache.clean(CleanPolicy.builder().corruptOnly(true).build())));
    }

    Attempt ensureTemplate() {
        ledger.begun(LoadMain.TEMPLATE, Ledger.ANY);
        Attempt attempt = Attempt.of(
                "make a template",
                () -> LoadMain.checksum(templates.ensure(LoadMain.disk()).image()));
        return ended(attempt, LoadMain.TEMPLATE, String.valueOf(attempt.value()));
    }

    Attempt removeTemplates() {
        ledger.begun(LoadMain.TEMPLATE, Ledger.ABSENT);
        return ended(
                Attempt.of("remove templates", () -> report(templates.clean(false))), LoadMain.TEMPLATE, Ledger.ABSENT);
    }

    Attempt newDisk() {
        ledger.begun(LoadMain.TEMPLATE, Ledger.ANY); // there may be none yet
        return Attempt.of("make a disk", () -> {
            try (TestDisk disk = templates.newDisk(LoadMain.disk())) {
                return Files.size(disk.path()) == LoadMain.disk().size() ? "made" : wrong("a disk of another size");
            }
        });
    }

    Attempt lease(String key) {
        return Attempt.of("lease " + key, () -> {
            try (KernelLease lease = cache.lease(key)) {
                List<String> problems = lease.verify().problems();
                return problems.isEmpty() ? MarkedKernel.generation(lease.entry()) : wrong(problems.toString());
            } catch (MarkedKernel.TornException torn) {
                return wrong(torn.toString());
            }
        });
    }

    Attempt list() {
        return Attempt.of(
                "list", () -> cache.list().size() + " and " + templates.list().size());
    }

    /** What a build does before it builds. */
    List<Attempt> prepareBuild() {
        return List.of(
                Attempt.of("look whether it is free", () -> {
                    cache.requireFree("k1");
                    return "free";
                }),
                Attempt.of("lock a tree", () -> {
                    try (LockGuard held =
                            cache.sourceLock(SourceTree.of(scratch)).acquire(FlockMode.EXCLUSIVE)) {
                        return held.mode().toString();
                    }
                }));
    }

    /** What is in the root besides entries, templates and locks. */
    List<String> debris() throws IOException {
        try (Stream<Path> all = Files.list(cache.root())) {
            return all.map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> name.startsWith(".tmp-")
                            || name.startsWith(".disks-")
                            || name.startsWith("template.img.in-flight.")
                            || name.contains(".tmp."))
                    .toList();
        }
    }

    private Attempt ended(Attempt attempt, String key, String value) {
        if (attempt.succeeded()) {
            ledger.returned(key, value);
        }
        return attempt;
    }

    private static String report(CleanReport report) throws IOException {
        for (CleanReport.Failed each : report.failed()) {
            if (!each.why().startsWith("KT-")) {
                return wrong("no code: " + each);
            }
        }
        if (!report.failed().isEmpty()) {
            throw new NotRemovedException(report.toString());
        }
        if (!report.skipped().isEmpty()) {
            return wrong(report.toString());
        }
        return "removed " + report.removed().size();
    }

    private static String wrong(String what) {
        throw new AssertionError(what);
    }

    /** A clean says in its report what it could not remove, and why. */
    static final class NotRemovedException extends IOException {
        private static final long serialVersionUID = 1L;

        NotRemovedException(String message) {
            super(message);
        }
    }
}
