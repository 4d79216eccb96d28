package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.PackageId;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.cache.StoredDetails;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What came of storing a kernel, for people. */
final class StoreSummary {
    private StoreSummary() {}

    /** @param given the packages that were to be stored; empty if it was files */
    static List<String> lines(StoreResult result, List<PackageId> given) throws IOException {
        KernelEntry entry = result.entry();
        StoredDetails details = entry.metadata().jvm();
        List<String> lines = new ArrayList<>();
        lines.add(
                switch (result.outcome()) {
                    case ALREADY_STORED ->
                        "already stored: " + entry.key() + " (same "
                                + (isOf(given, details) ? "packages" : "image, configuration and vmlinux")
                                + "; -Dktstr.replace stores it again)";
                    case STORED -> "stored " + entry.key();
                    case REPLACED -> "stored " + entry.key() + ", replacing the entry of that name";
                });
        lines.add("  version  "
                + Printable.text(
                        entry.metadata().version() + ", " + entry.metadata().arch()));
        if (details != null) {
            details.packages()
                    .forEach(each -> lines.add(
                            "  package  " + Printable.text(each.name() + " " + each.version() + ", " + each.arch())));
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

    /** Other packages may have the same kernel in them. */
    private static boolean isOf(List<PackageId> given, @Nullable StoredDetails details) {
        return !given.isEmpty() && details != null && Set.copyOf(given).equals(Set.copyOf(details.packages()));
    }

    private static String allocated(Path file) throws IOException {
        return ByteSizes.format(FileStat.of(file).map(FileStat::allocated).orElse(0L)) + " on disk";
    }
}
