package dev.ktstr.it;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.ListedTemplate;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Looks a store over after something has happened to it, and collects what is not as promised. */
final class Inspection {
    private final KernelCache cache;
    private final DiskTemplates templates;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, String> found = new TreeMap<>();

    Inspection(Path root) {
        this.cache = KernelCache.at(root).withEvents(event -> {});
        this.templates = DiskTemplates.at(root).withEvents(event -> {});
    }

    List<String> problems() {
        return List.copyOf(problems);
    }

    /** Whether everything that is there is whole, and what it should be. */
    Inspection readAgainst(Ledger ledger) throws IOException, InterruptedException {
        read();
        Set<String> keys = new HashSet<>(ledger.keys());
        keys.addAll(found.keySet());
        for (String key : keys) {
            String value = found.getOrDefault(key, Ledger.ABSENT);
            Set<String> possible = ledger.possible(key);
            boolean some = possible.contains(Ledger.ANY) && !value.equals(Ledger.ABSENT);
            if (!some && !possible.contains(value)) {
                problems.add(key + " is " + value + ", but should be " + possible);
            }
        }
        return this;
    }

    /** Whether everything that is there is whole. */
    Inspection read() throws IOException, InterruptedException {
        for (ListedEntry entry : cache.list()) {
            found.put(entry.key(), entry.fold(valid -> generation(valid.key()), corrupt -> {
                problems.add(corrupt.key() + " is corrupt: " + corrupt.reason());
                return "corrupt";
            }));
        }
        for (ListedTemplate template : templates.list()) {
            template.problem().ifPresent(problem -> problems.add(template.key() + ": " + problem));
            Path image = cache.root().resolve(template.key()).resolve("template.img");
            try {
                checkFilesystem(image);
                found.put(LoadMain.TEMPLATE, LoadMain.checksum(image));
            } catch (IOException unreadable) {
                problems.add(template.key() + ": " + unreadable);
                found.put(LoadMain.TEMPLATE, "corrupt");
            }
        }
        return this;
    }

    /** What there was under each key. */
    Map<String, String> found() {
        return Map.copyOf(found);
    }

    /** Whether the store can be used as if nothing had happened, and what is left behind goes. */
    Inspection use(MarkedKernel kernel, String key, String generation, Path scratch)
            throws IOException, InterruptedException {
        try {
            StoreResult result =
                    cache.store(kernel.request(generation, scratch).key(key).build());
            found.put(key, generation(result.entry().key()));
            if (!generation.equals(found.get(key))) {
                problems.add("the next store of " + key + " said " + result.outcome() + ", and there is "
                        + found.get(key) + " instead of " + generation);
            }
            try (Stream<Path> all = Files.list(cache.root())) {
                all.map(path -> String.valueOf(path.getFileName()))
                        .filter(name -> name.startsWith(".tmp-" + key + "-"))
                        .forEach(name -> problems.add("the next store of " + key + " has left " + name));
            }
            CleanReport kernels =
                    cache.clean(CleanPolicy.builder().corruptOnly(true).build());
            CleanReport disks = templates.clean(false);
            found.remove(LoadMain.TEMPLATE);
            if (!kernels.failed().isEmpty() || !disks.failed().isEmpty()) {
                problems.add("the next clean failed: " + kernels + " " + disks);
            }
            requireNoDebris();
        } catch (IOException | RuntimeException | AssertionError failed) {
            problems.add("the next store or clean of " + key + ": " + failed);
        }
        return this;
    }

    /** Whether nothing is left behind. */
    Inspection noDebris() throws IOException {
        requireNoDebris();
        return this;
    }

    private void requireNoDebris() throws IOException {
        Set<String> expected = new HashSet<>(Set.of(".locks"));
        cache.list().forEach(entry -> expected.add(entry.key()));
        templates.list().forEach(template -> expected.add(template.key()));
        try (Stream<Path> all = Files.list(cache.root())) {
            all.map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> !expected.contains(name))
                    .forEach(name -> problems.add(name + " is left behind"));
        }
        cache.orphans().forEach(path -> problems.add(path + " is left, an orphan"));
        templates.orphans().forEach(path -> problems.add(path + " is left, an orphan"));
    }

    /** Of an entry that can be listed. */
    private String generation(String key) {
        try {
            cache.verify(key).problems().forEach(problem -> problems.add(key + ": " + problem));
            return MarkedKernel.generation(cache.lookup(key).orElseThrow());
        } catch (IOException | MarkedKernel.TornException | RuntimeException broken) {
            problems.add(key + ": " + broken);
            return "corrupt";
        }
    }

    private void checkFilesystem(Path image) throws IOException, InterruptedException {
        Process check = new ProcessBuilder("e2fsck", "-fn", image.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (check.waitFor() != 0) {
            problems.add("the file system in " + image + " is damaged: "
                    + output.strip().replace('\n', ' '));
        }
    }
}
