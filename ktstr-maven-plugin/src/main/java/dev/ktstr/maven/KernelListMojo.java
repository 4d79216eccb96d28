package dev.ktstr.maven;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelMetadata;
import dev.ktstr.cache.KernelMetadata.KconfigStatus;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.maven.build.Fragments;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Lists what is stored, the newest first, then what is corrupt with the reason.
 *
 * @since 0.1.0
 */
@Mojo(name = "kernel-list", requiresProject = false, threadSafe = true)
public final class KernelListMojo extends AbstractJsonMojo {

    @Override
    void run() throws IOException {
        KernelCache cache = cache();
        List<ListedEntry> entries = cache.list();
        if (wantsJson()) {
            writeJson(json(entries));
        } else {
            print(cache, entries);
        }
    }

    private void print(KernelCache cache, List<ListedEntry> entries) throws IOException {
        getLog().info("cache: " + cache.root());
        if (entries.isEmpty()) {
            getLog().info("no kernel is stored yet; store one: mvn ktstr:kernel-store -Dktstr.image=FILE"
                    + " -Dktstr.vmlinux=FILE -Dktstr.config=FILE");
            return;
        }
        int width =
                entries.stream().mapToInt(entry -> entry.key().length()).max().orElse(0);
        String row = "  %-" + width + "s  %-12s %-8s %-8s %s%s";
        getLog().info(String.format(Locale.ROOT, row, "key", "version", "source", "arch", "stored at", ""));
        for (ListedEntry entry : entries) {
            if (entry instanceof ListedEntry.Corrupt corrupt) {
                getLog().info(Printable.text("  " + corrupt.key() + "  (corrupt: " + corrupt.reason() + ")"));
            } else if (entry instanceof ListedEntry.Valid valid) {
                getLog().info(row(row, valid.entry()));
            }
        }
        long corrupt =
                entries.stream().filter(ListedEntry.Corrupt.class::isInstance).count();
        getLog().info((entries.size() - corrupt) + " usable, " + corrupt + " corrupt"
                + (corrupt == 0 ? "" : "; mvn ktstr:kernel-clean -Dktstr.corruptOnly removes the corrupt ones"));
        printKconfigs(entries);
    }

    private void printKconfigs(List<ListedEntry> entries) throws IOException {
        long stale = 0;
        long untracked = 0;
        for (ListedEntry entry : entries) {
            if (entry instanceof ListedEntry.Valid valid) {
                KconfigStatus status = kconfigStatus(valid.entry());
                stale += status == KconfigStatus.STALE ? 1 : 0;
                untracked += status == KconfigStatus.UNTRACKED ? 1 : 0;
            }
        }
        if (untracked > 0) {
            getLog().info(untracked
                    + " with untracked kconfig: not configured by kernel-build, so nothing tells whether they have"
                    + " what virtual machines need");
        }
        if (stale > 0) {
            getLog().info(stale + " with stale kconfig: configured for another version of ktstr;"
                    + " mvn ktstr:kernel-build builds them anew");
        }
    }

    /** Against the fragment that a kernel of that architecture would be configured with now. */
    private static KconfigStatus kconfigStatus(KernelEntry entry) throws IOException {
        KernelMetadata metadata = entry.metadata();
        return metadata.kconfigStatus(Fragments.currentHash(metadata.arch()).orElse(null));
    }

    private static String row(String format, KernelEntry entry) throws IOException {
        KernelMetadata metadata = entry.metadata();
        KconfigStatus status = kconfigStatus(entry);
        String tags = status == KconfigStatus.MATCHES ? "" : " (" + status.text() + " kconfig)";
        if (metadata.extraKconfigHash() != null) {
            tags += " (extra kconfig)";
        }
        return Printable.text(String.format(
                Locale.ROOT,
                format,
                entry.key(),
                Optional.ofNullable(metadata.version()).orElse("-"),
                metadata.source().type(),
                metadata.arch(),
                metadata.builtAt(),
                tags));
    }

    private static ObjectNode json(List<ListedEntry> entries) throws IOException {
        ObjectNode document = MAPPER.createObjectNode();
        document.put(
                "current_ktstr_kconfig_hash",
                Fragments.currentHash(Machine.arch()).orElse(null));
        document.putNull("active_prefixes_fetch_error");
        ArrayNode array = document.putArray("entries");
        for (ListedEntry entry : entries) {
            ObjectNode node = array.addObject();
            node.put("key", entry.key());
            node.put("path", entry.directory().toString());
            if (entry instanceof ListedEntry.Corrupt corrupt) {
                node.put("error", corrupt.reason());
                node.put("error_kind", corrupt.errorKind().text());
            } else if (entry instanceof ListedEntry.Valid valid) {
                json(node, valid.entry());
            }
        }
        return document;
    }

    private static void json(ObjectNode node, KernelEntry entry) throws IOException {
        KernelMetadata metadata = entry.metadata();
        node.put("version", metadata.version());
        node.set("source", MAPPER.readTree(metadata.source().json()));
        node.put("arch", metadata.arch());
        node.put("built_at", metadata.builtAt());
        node.put("ktstr_kconfig_hash", metadata.ktstrKconfigHash());
        node.put("extra_kconfig_hash", metadata.extraKconfigHash());
        node.put("kconfig_status", kconfigStatus(entry).text());
        node.putNull("eol"); // whether kernel.org still maintains the series: needs the network
        node.put("config_hash", metadata.configHash());
        node.put("image_name", metadata.imageName());
        node.put("image_path", entry.image().toString());
        node.put("has_vmlinux", metadata.hasVmlinux());
        node.put("vmlinux_stripped", metadata.vmlinuxStripped());
    }
}
