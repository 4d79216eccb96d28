package dev.ktstr.it;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Entries as versions of the original write them, the metadata by hand ({@code src/torture/resources/shared}), and such as
 * nobody can use. The former are read and stay what they are, whatever is done around them; of the latter each says why.
 */
final class GoldenEntries {
    private static final String METADATA = "metadata.json";
    private static final String GENERATION = "901d901d901d901d";
    private static final String THEIRS = "0ddba110ddba1100";

    private final Path root;
    private final KernelCache cache;
    private final Peer peer;
    private final MarkedKernel kernel;
    private final Promises promises;
    private final Path scratch;
    private final List<String> warnings = new ArrayList<>();

    GoldenEntries(Path root, Peer peer, Path scratch, Promises promises) {
        this.root = root;
        this.cache = KernelCache.at(root).withEvents(event -> {
            if (event.isWarning()) {
                warnings.add(event.message());
            }
        });
        this.peer = peer;
        this.kernel = peer.kernel();
        this.scratch = scratch;
        this.promises = promises;
    }

    void run() throws Exception {
        for (Golden each : Golden.NEWEST_FIRST) {
            write(each);
        }
        Map<String, String> before = content(root);
        read();
        for (Unusable each : Unusable.values()) {
            write(each);
        }
        readUnusable();
        cleanUnusable();
        cache.store(kernel.request(GENERATION, scratch).key("beside").build());
        cache.clean(CleanPolicy.builder().key("beside").build());
        promises.requireSame("original's entry: kept byte by byte", lines(content(root)), lines(before));
        lackingVmlinux();
        replace();
        cleanAround();
    }

    private void write(Golden golden) throws IOException {
        Path entry = Files.createDirectories(root.resolve(golden.key()));
        Path metadata = resources().resolve(golden.key()).resolve(METADATA);
        Files.copy(metadata, entry.resolve(METADATA));
        String text = Files.readString(metadata);
        String image = text.replaceAll("(?s).*\"image_name\":\\s*\"([^\"]+)\".*", "$1");
        Files.writeString(entry.resolve(image), "boot image of " + golden.key());
        if (golden.stripped() != null) {
            Files.copy(kernel.vmlinuxTemplate(), entry.resolve("vmlinux"));
        }
        if (golden.more()) {
            Path modules = Files.createDirectory(entry.resolve("modules"));
            Files.writeString(modules.resolve("001-virtio_blk.ko"), "the second");
            Files.writeString(modules.resolve("000-virtio.ko"), "the first");
            Files.writeString(entry.resolve("config"), "CONFIG_A=y\n");
        }
    }

    private static Path resources() {
        return Path.of(System.getProperty("basedir", "."), "src/torture/resources/shared");
    }

    private void read() throws IOException {
        List<String> keys = Golden.NEWEST_FIRST.stream().map(each -> each.key()).toList();
        promises.require(
                "original's entry: listed, the newest first",
                cache.list().stream().map(ListedEntry::key).toList().equals(keys),
                "found " + cache.list());
        for (Golden each : Golden.NEWEST_FIRST) {
            KernelEntry entry = cache.lookup(each.key()).orElse(null);
            promises.require(
                    "original's entry: looked up, with what its metadata says",
                    entry != null && each.isSaidBy(entry.metadata()) && Files.exists(entry.image()),
                    each.key() + " has " + (entry == null ? "nothing" : entry.metadata()));
            List<String> problems = cache.verify(each.key()).problems();
            promises.require("original's entry: verified", problems.isEmpty(), each.key() + ": " + problems);
            try (KernelLease lease = cache.lease(each.key())) {
                lease.check();
                List<String> modules = lease.entry().modules().stream()
                        .map(file -> file.getFileName().toString())
                        .toList();
                promises.require(
                        "original's entry: leased, with its modules in order",
                        modules.equals(each.more() ? List.of("000-virtio.ko", "001-virtio_blk.ko") : List.of()),
                        each.key() + " has " + modules);
            }
        }
        String unstripped = Golden.NEWEST_FIRST.stream()
                .filter(Golden::isUnstripped)
                .map(Golden::key)
                .collect(Collectors.joining());
        promises.require(
                "original's entry: one warning of a vmlinux that is not stripped",
                warnings.size() == 1 && warnings.get(0).contains("using unstripped vmlinux of " + unstripped),
                "warnings are " + warnings);
    }

    private void write(Unusable unusable) throws IOException {
        Path entry = Files.createDirectory(root.resolve(unusable.name()));
        if (unusable.metadata != null) {
            Files.write(entry.resolve(METADATA), unusable.metadata.getBytes(StandardCharsets.ISO_8859_1));
        }
        if (unusable == Unusable.NO_FILE) {
            Files.createDirectory(entry.resolve(METADATA));
        }
        if (unusable != Unusable.NO_IMAGE) {
            Files.writeString(entry.resolve("bzImage"), "boot image");
        }
    }

    private void readUnusable() throws IOException {
        List<ListedEntry> listed = cache.list();
        for (Unusable each : Unusable.values()) {
            ListedEntry found = listed.stream()
                    .filter(entry -> entry.key().equals(each.name()))
                    .findFirst()
                    .orElseThrow();
            promises.require(
                    "unusable entry: listed with its reason",
                    found instanceof ListedEntry.Corrupt corrupt && each.isToldBy(corrupt),
                    each + " is " + found);
            promises.require(
                    "unusable entry: neither looked up nor leased nor verified",
                    cache.lookup(each.name()).isEmpty()
                            && isDamaged(each.name())
                            && !cache.verify(each.name()).isWhole(),
                    each.toString());
        }
        promises.require(
                "unusable entry: listed behind all others",
                listed.subList(0, Golden.NEWEST_FIRST.size()).stream().allMatch(ListedEntry.Valid.class::isInstance),
                "found " + listed);
    }

    private boolean isDamaged(String key) throws IOException {
        try (KernelLease lease = cache.lease(key)) {
            lease.check();
            return false;
        } catch (KtstrException refused) {
            return refused.code() == ErrorCode.ENTRY_DAMAGED;
        }
    }

    private void cleanUnusable() throws IOException {
        CleanReport report = cache.clean(CleanPolicy.builder().corruptOnly(true).build());
        promises.requireSame(
                "unusable entry: removed, and no other",
                report.removed().stream().map(CleanReport.Removed::key).toList(),
                Stream.of(Unusable.values()).map(Unusable::name).toList());
    }

    /** It records no sizes, but that there is one. */
    private void lackingVmlinux() throws IOException {
        for (Golden each : Golden.NEWEST_FIRST) {
            if (each.stripped() != null) {
                Path vmlinux = root.resolve(each.key()).resolve("vmlinux");
                Files.delete(vmlinux);
                promises.require(
                        "original's entry: not leased without its vmlinux", isDamaged(each.key()), each.toString());
            }
        }
    }

    /** Of what the original recorded nothing tells that a kernel is the same. */
    private void replace() throws Exception {
        for (Golden each : Golden.NEWEST_FIRST) {
            KernelEntry entry = cache.store(
                            kernel.request(GENERATION, scratch).key(each.key()).build())
                    .entry();
            promises.require(
                    "original's entry: replaced by a store",
                    MarkedKernel.generation(entry).equals(GENERATION)
                            && cache.verify(each.key()).problems().isEmpty(),
                    each.key() + " is " + entry.metadata());
            promises.require(
                    "original's entry: replaced by a store, and read by the original",
                    peer.run("check", root, each.key()).equals(GENERATION),
                    each.key());
        }
        String key = Golden.NEWEST_FIRST.get(0).key();
        peer.run("store", root, key, THEIRS);
        promises.require(
                "our entry: replaced by the original",
                MarkedKernel.generation(cache.lookup(key).orElseThrow()).equals(THEIRS)
                        && cache.verify(key).isWhole(),
                key);
    }

    /** A test run of the original holds its kernel as ours do. */
    private void cleanAround() throws Exception {
        String key = Golden.NEWEST_FIRST.get(0).key();
        try (OtherProgram test = OtherProgram.holding(root, key, "--shared")) {
            CleanReport report = cache.clean(CleanPolicy.builder().all(true).build());
            promises.requireSame(
                    "entry held by the original: kept by a clean of all",
                    cache.list().stream().map(ListedEntry::key).toList(),
                    List.of(key));
            promises.require(
                    "entry held by the original: said why",
                    report.skipped().size() == 1
                            && report.skipped().get(0).key().equals(key)
                            && report.skipped().get(0).why().contains(Long.toString(test.pid())),
                    report.skipped().toString());
        }
    }

    private static List<String> lines(Map<String, String> content) {
        return content.entrySet().stream().map(Object::toString).toList();
    }

    /** Every file, with its inode, time and bytes. */
    static Map<String, String> content(Path root) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file :
                    all.filter(path -> !path.startsWith(root.resolve(".locks"))).toList()) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    content.put(
                            root.relativize(file).toString(),
                            Files.getAttribute(file, "unix:ino") + " " + Files.getLastModifiedTime(file) + " "
                                    + new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).hashCode());
                }
            }
        }
        return content;
    }
}
