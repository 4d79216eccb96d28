package dev.ktstr.maven.doctor;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.disk.DiskTemplates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is stored, and what interrupted work has left. */
final class StoreGroup {
    private final Surroundings surroundings;
    private final KernelCache cache;
    private final DiskTemplates templates;

    StoreGroup(Surroundings surroundings) throws IOException {
        this.surroundings = surroundings;
        Environment environment = surroundings.environment();
        this.cache = KernelCache.open(environment, event -> {});
        this.templates = DiskTemplates.open(environment).withEvents(event -> {});
    }

    void examine(Findings findings) {
        findings.check("kernels", this::kernels);
        findings.check("orphans", this::orphans);
    }

    private Finding kernels() throws IOException {
        List<ListedEntry> all = cache.list();
        List<String> corrupt = new ArrayList<>();
        List<KernelEntry> usable = new ArrayList<>();
        for (ListedEntry each : all) {
            if (each instanceof ListedEntry.Valid valid) {
                usable.add(valid.entry());
            } else if (each instanceof ListedEntry.Corrupt bad) {
                corrupt.add(bad.key() + " (" + bad.reason() + ")");
            }
        }
        if (!corrupt.isEmpty()) {
            return Finding.warn(
                    "kernels",
                    usable.size() + " usable, " + corrupt.size() + " corrupt in " + cache.root() + ": " + some(corrupt),
                    List.of(surroundings.goal("kernel-clean", cache.root().toString(), "corruptOnly=true")));
        }
        if (usable.isEmpty()) {
            return Finding.warn(
                    "kernels", "none is stored in " + cache.root(), List.of("# see what is said of the guest"));
        }
        KernelEntry newest = usable.get(0);
        return Finding.ok(
                "kernels",
                usable.size() + " stored in " + cache.root() + ", the newest " + newest.key() + " at "
                        + newest.metadata().builtAt());
    }

    private Finding orphans() throws IOException {
        List<Path> ofKernels = cache.orphans();
        List<Path> ofDisks = templates.orphans();
        if (ofKernels.isEmpty() && ofDisks.isEmpty()) {
            return Finding.ok(
                    "orphans", "nothing was left behind by stores, formatters or disks that were interrupted");
        }
        List<String> names = new ArrayList<>();
        ofKernels.forEach(each -> names.add(each.toString()));
        ofDisks.forEach(each -> names.add(each.toString()));
        List<String> remedy = new ArrayList<>();
        if (!ofKernels.isEmpty()) {
            remedy.add(surroundings.goal("kernel-clean", cache.root().toString(), "corruptOnly=true"));
        }
        if (!ofDisks.isEmpty()) {
            remedy.add("# removes templates, too, that nobody uses at that moment; who needs one formats it anew");
            remedy.add(surroundings.goal("disk-clean", templates.root().toString(), "all=true"));
        }
        return Finding.warn(
                "orphans", names.size() + " left behind by work that was interrupted: " + some(names), remedy);
    }

    private static String some(List<String> names) {
        int shown = Math.min(names.size(), 3);
        return String.join(", ", names.subList(0, shown)) + (shown < names.size() ? ", …" : "");
    }
}
