package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.cache.StoredDetails;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What came of storing a kernel, for people. */
final class StoreSummary {
    private StoreSummary() {}

    static List<String> lines(StoreResult result) throws IOException {
        KernelEntry entry = result.entry();
        List<String> lines = new ArrayList<>();
        lines.add(
                switch (result.outcome()) {
                    case ALREADY_STORED ->
                        "already stored: " + entry.key()
                                + " (same image, configuration and vmlinux; -Dktstr.replace stores it again)";
                    case STORED -> "stored " + entry.key();
                    case REPLACED -> "stored " + entry.key() + ", replacing the entry of that name";
                });
        lines.add("  version  " + entry.metadata().version() + ", "
                + entry.metadata().arch());
        StoredDetails details = entry.metadata().jvm();
        if (details != null) {
            details.packages()
                    .forEach(
                            each -> lines.add("  package  " + each.name() + " " + each.version() + ", " + each.arch()));
        }
        lines.add("  image    " + entry.image() + " (" + allocated(entry.image()) + ")");
        if (entry.vmlinux().isPresent()) {
            Path file = entry.vmlinux().get();
            Long before = entry.metadata().sourceVmlinuxSize();
            String from = before == null || !entry.metadata().vmlinuxStripped()
                    ? ", not stripped)"
                    : ", stripped from " + ByteSizes.format(before) + ")";
            lines.add("  vmlinux  " + file + " (" + allocated(file) + from);
        }
        entry.config().ifPresent(file -> lines.add("  config   " + file));
        if (!entry.modules().isEmpty()) {
            boolean all = details != null && details.modules().equals(Modules.ALL.text());
            lines.add("  modules  " + entry.modules().size() + " to load at boot" + (all ? ", and all others" : ""));
        }
        return lines;
    }

    private static String allocated(Path file) throws IOException {
        return ByteSizes.format(FileStat.of(file).map(FileStat::allocated).orElse(0L)) + " on disk";
    }
}
