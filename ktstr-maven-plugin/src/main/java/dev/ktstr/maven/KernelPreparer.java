package dev.ktstr.maven;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.maven.build.BuildOutcome;
import dev.ktstr.maven.build.TreeLock;
import dev.ktstr.maven.packages.Meter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes sure that kernels are there, and says of each whether it was. For one thread. */
final class KernelPreparer {
    private final KernelCache cache;
    private final PackageMemory memory;
    private final TreeBuilder builder;
    private final Environment environment;
    private final Meter meter;
    private final Consumer<String> log;
    private final Set<String> told = new HashSet<>();

    KernelPreparer(
            KernelCache cache,
            PackageMemory memory,
            TreeBuilder builder,
            Environment environment,
            Meter meter,
            Consumer<String> log) {
        this.cache = cache;
        this.memory = memory;
        this.builder = builder;
        this.environment = environment;
        this.meter = meter;
        this.log = log;
    }

    /**
     * What is stored and selected; else what the source has, which is stored.
     *
     * @return at least one; more only for a range
     */
    List<KernelEntry> prepare(KernelNeed need) throws IOException {
        if (need.selector().isPresent()) {
            List<KernelEntry> found = selected(need.selector().get());
            if (!found.isEmpty()) {
                found.forEach(this::tellPresent);
                return found;
            }
            if (!need.hasSource()) {
                throw missing(need.selector().get(), need.origin());
            }
        }
        KernelEntry stored = storeOnce(need);
        if (need.selector().isPresent()) {
            requireSelected(need.selector().get(), stored, need);
        }
        return List.of(stored);
    }

    private List<KernelEntry> selected(KernelSelector selector) throws IOException {
        List<KernelEntry> found = cache.findAll(selector);
        return selector.isRange() || found.isEmpty() ? found : found.subList(0, 1);
    }

    /** Of several projects of this build that want the same, one stores it, and the others find it. */
    private KernelEntry storeOnce(KernelNeed need) throws IOException {
        synchronized (memory.monitor(cache, need)) {
            // Before it is read: what is written to meanwhile has another one next time.
            Optional<String> fingerprint = PackageMemory.fingerprint(need);
            if (fingerprint.isPresent()) {
                Optional<KernelEntry> known = memory.recall(fingerprint.get(), need, cache);
                if (known.isPresent()) {
                    tellPresent(known.get());
                    return known.get();
                }
            }
            return need.kernelTree().isPresent()
                    ? prepareTree(need.kernelTree().get(), need)
                    : storePackages(need, fingerprint);
        }
    }

    private KernelEntry storePackages(KernelNeed need, Optional<String> fingerprint) throws IOException {
        KernelSources.Packaged stored = KernelSources.store(cache, need.packages(), need::addTo, meter);
        KernelEntry entry = tell(stored.result());
        fingerprint.ifPresent(text -> memory.remember(text, entry, stored.packages()));
        return entry;
    }

    /**
     * What has been built in a tree; what nobody has built yet is built first. Of a tree that is exactly a commit the entry of a build is
     * the one, whoever built it: the next time it is found here.
     */
    private KernelEntry prepareTree(Path tree, KernelNeed need) throws IOException {
        Optional<KernelEntry> known = builder.stored(tree, need.modules(), need.key());
        if (known.isPresent()) {
            tellPresent(known.get());
            return known.get();
        }
        if (!isToBeBuilt(tree)) {
            return tell(storeTree(tree, need));
        }
        BuildOutcome outcome = builder.build(tree, need.modules(), need.key());
        if (outcome instanceof BuildOutcome.Hit hit) {
            tellPresent(hit.entry());
            return hit.entry();
        }
        if (outcome instanceof BuildOutcome.Stored stored) {
            return tell(stored.result());
        }
        return tell(storeTree(tree, need)); // not under its commit, then, but as what it is
    }

    private static boolean isToBeBuilt(Path tree) throws IOException {
        try {
            StoreRequest.forTree(tree);
            return false;
        } catch (KtstrException noProducts) {
            if (noProducts.code() == ErrorCode.TREE_NOT_BUILT && Files.isRegularFile(tree.resolve("Kbuild"))) {
                return true;
            }
            throw noProducts;
        }
    }

    private StoreResult storeTree(Path tree, KernelNeed need) throws IOException {
        try (TreeLock held = TreeLock.forReading(cache, tree, environment, TreeLock.TIMEOUT)) {
            StoreRequest.Builder request = StoreRequest.forTree(tree);
            need.addTo(request);
            return cache.store(request.build());
        }
    }

    private KernelEntry tell(StoreResult result) {
        if (result.outcome() == StoreResult.Outcome.ALREADY_STORED) {
            tellPresent(result.entry());
        } else if (told.add(result.entry().key())) {
            boolean isNew = result.outcome() == StoreResult.Outcome.STORED;
            log.accept("stored " + name(result.entry()) + (isNew ? "" : ", replacing the entry of that name"));
        }
        return result.entry();
    }

    /** Once, though several selectors may find it. */
    private void tellPresent(KernelEntry entry) {
        if (told.add(entry.key())) {
            log.accept("already there: " + name(entry));
        }
    }

    private static String name(KernelEntry entry) {
        return "kernel " + entry.key() + " ("
                + Printable.text(
                        entry.metadata().version() + ", " + entry.metadata().arch()) + ")";
    }

    private void requireSelected(KernelSelector selector, KernelEntry stored, KernelNeed need) throws IOException {
        if (cache.findAll(selector).stream().anyMatch(each -> each.key().equals(stored.key()))) {
            return;
        }
        throw new GoalException(
                ErrorCode.PREPARE_MISSING,
                "preparing kernel \"" + selector + "\": it was to come from " + need.source()
                        + ", and what is in there, " + name(stored) + ", is not selected by that",
                cache.root(),
                "give the source of a kernel that \"" + selector + "\" selects, or leave the selector out");
    }

    private GoalException missing(KernelSelector selector, Optional<String> origin) throws IOException {
        List<ListedEntry> listed = cache.list();
        String keys = listed.stream()
                .flatMap(entry -> entry.fold(Stream::of, corrupt -> Stream.<KernelEntry>empty()))
                .map(KernelEntry::key)
                .collect(Collectors.joining(", "));
        String unusable = listed.stream()
                .filter(ListedEntry.Corrupt.class::isInstance)
                .map(ListedEntry::key)
                .collect(Collectors.joining(", "));
        return new GoalException(
                ErrorCode.PREPARE_MISSING,
                "preparing kernel \"" + selector
                        + "\""
                        + origin.map(given -> ", which " + given + " asks for").orElse("")
                        + ": no stored kernel matches, and "
                        + origin.map(given -> "no kernel of the POM with this very selector says where it comes from; ")
                                .orElse("nothing says where it comes from; ")
                        + (keys.isEmpty() ? "no usable kernel is stored" : "there are: " + keys)
                        + (unusable.isEmpty() ? "" : "; unusable are: " + unusable),
                cache.root(),
                "store it: mvn ktstr:kernel-store -Dktstr.packages=linux-image-….deb " + cacheOption()
                        + "; or have it stored by every build that misses it, in the POM: <kernel><selector>" + selector
                        + "</selector><packages><package>linux-image-….deb</package></packages></kernel>");
    }

    /** For a shell. Given always: what the POM says for an execution does not count for a goal on the command line. */
    private String cacheOption() {
        return Printable.shellWord("-Dktstr.cacheDir=" + cache.root());
    }
}
