package dev.ktstr.maven.build;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelMetadata;
import dev.ktstr.cache.KernelSource;
import dev.ktstr.cache.SourceTree;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoredDetails;
import dev.ktstr.event.EventSink;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.Reservation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Builds a source tree under its lock, and stores the kernel. For one build. */
public final class KernelBuild {
    /** Nobody builds for so long; but how long is too long is for whoever watches to say. */
    private static final Duration FOR_EVER = Duration.ofDays(365);

    private final Environment environment;
    private final KernelCache cache;
    private final EventSink events;
    private final BuildReport report;
    private final BuildRequest request;

    public KernelBuild(
            Environment environment, KernelCache cache, EventSink events, BuildReport report, BuildRequest request) {
        this.environment = environment;
        this.cache = cache;
        this.events = events;
        this.report = report;
        this.request = request;
    }

    /** The kernel that this tree gives as it is now, if it is stored. Builds nothing. */
    public Optional<KernelEntry> stored() throws IOException {
        if (!Files.isRegularFile(request.tree().resolve("Kbuild"))) {
            return Optional.empty();
        }
        SourceTree tree = SourceTree.of(request.tree());
        return find(tree, tree.state(), Fragments.of(request.extraKconfig()));
    }

    /**
     * Does it, unless the kernel is stored already.
     *
     * @throws dev.ktstr.lock.LockTimeoutException if somebody else builds in the tree for too long
     * @throws dev.ktstr.KtstrException if it cannot be built, or not as it was asked for
     */
    public BuildOutcome run() throws IOException {
        HostResources host = HostResources.open(environment, events);
        host.share(request.cpuCap()); // refuses a bad one before anything is touched
        SourceTree tree = requireTree();
        Fragments fragments = Fragments.of(request.extraKconfig());
        BuildPrograms programs = new BuildPrograms(environment);
        SourceTree.State first = tree.state();
        Optional<KernelEntry> known = find(tree, first, fragments);
        if (isHit(known)) {
            return new BuildOutcome.Hit(known.get());
        }
        requireWritable(tree);
        Configuration configuration = new Configuration(tree.path());
        programs.require(configuration.expected(fragments));
        try (TreeLock held = TreeLock.forBuilding(cache, tree, environment, request.treeTimeout())) {
            SourceTree.State state = tree.state();
            tellOfChange(first, state);
            Optional<KernelEntry> stored = find(tree, state, fragments);
            if (isHit(stored)) {
                return new BuildOutcome.Hit(stored.get());
            }
            announce(state);
            Optional<String> base = configuration.hash();
            Optional<String> configured = build(tree, fragments, configuration, programs, host);
            Optional<BuildOutcome> unstorable = objection(state, tree.state());
            if (unstorable.isEmpty() && !configuration.hash().equals(configured)) {
                unstorable = Optional.of(new BuildOutcome.NotStored(
                        "its .config was changed while it was built", "leave it alone, and run it again"));
            }
            warnWithoutVmlinux(tree);
            if (unstorable.isPresent() || !(state instanceof SourceTree.State.Clean clean)) {
                return unstorable.orElseThrow();
            }
            BuildKey derived = BuildKey.of(clean.commit(), fragments, base);
            // In another worktree of this commit somebody may have been faster. A given key does not tell what it began
            // with.
            BuildKey looked = request.key().isEmpty() ? derived : BuildKey.of(clean.commit(), fragments, configured);
            Optional<KernelEntry> others = request.replace() ? Optional.empty() : find(clean, fragments, looked);
            if (others.isPresent()) {
                return new BuildOutcome.Hit(others.get());
            }
            String key = request.key().or(() -> stored.map(KernelEntry::key)).orElseGet(derived::text);
            return store(tree, clean.commit(), fragments, key);
        }
    }

    /** Whether nothing is to be built. Fails if it is to be built, and then could not be stored: somebody uses it. */
    private boolean isHit(Optional<KernelEntry> stored) throws IOException {
        if (stored.isPresent() && request.replace()) {
            cache.requireFree(stored.get().key());
        }
        return stored.isPresent() && !request.replace();
    }

    private SourceTree requireTree() throws IOException {
        Path directory = request.tree();
        if (!Files.isDirectory(directory)) {
            throw unusable("there is no such directory", "give the directory that has Kbuild and Makefile in it");
        }
        SourceTree tree = SourceTree.of(directory);
        for (String name : List.of("Makefile", "Kbuild")) {
            if (!Files.isRegularFile(tree.path().resolve(name))) {
                throw unusable(
                        "there is no " + name + " in it, so it is no Linux source tree",
                        "give the directory that has Kbuild and Makefile in it");
            }
        }
        return tree;
    }

    private void requireWritable(SourceTree tree) throws BuildException {
        if (!Files.isWritable(tree.path())) {
            throw unusable(
                    "it cannot be written to",
                    "build as its owner, or in a copy: git -C " + Printable.shellWord(tree.path())
                            + " worktree add DIR");
        }
    }

    private BuildException unusable(String why, String remedy) {
        return new BuildException(
                ErrorCode.BUILD_TREE,
                "building a kernel: " + why,
                request.tree().toAbsolutePath(),
                remedy);
    }

    /** The kernel that this tree gives, if it is stored: only a commit tells what is in a tree. */
    private Optional<KernelEntry> find(SourceTree tree, SourceTree.State state, Fragments fragments)
            throws IOException {
        return !(state instanceof SourceTree.State.Clean clean)
                ? Optional.empty()
                : find(clean, fragments, BuildKey.of(clean.commit(), fragments, new Configuration(tree.path()).hash()));
    }

    private Optional<KernelEntry> find(SourceTree.State.Clean clean, Fragments fragments, BuildKey derived)
            throws IOException {
        Optional<KernelEntry> found = request.key().isEmpty()
                ? derived.find(cache)
                : cache.lookup(request.key().get()).filter(entry -> isOf(clean.commit(), fragments, derived, entry));
        return found.filter(this::hasModules);
    }

    /** Of an entry whose key does not tell: whether it came of such a build, and what is configured now, if it is, too. */
    private static boolean isOf(SourceTree.Commit commit, Fragments fragments, BuildKey derived, KernelEntry entry) {
        KernelMetadata stored = entry.metadata();
        return stored.source() instanceof KernelSource.Local local
                && commit.shortHash().equals(local.gitHash())
                && fragments.own().hash().equals(stored.ktstrKconfigHash())
                && Objects.equals(fragments.extra().map(Fragment::hash).orElse(null), stored.extraKconfigHash())
                && Objects.equals(derived.configHash().orElse(null), stored.configHash());
    }

    private boolean hasModules(KernelEntry entry) {
        StoredDetails details = entry.metadata().jvm();
        return request.modules().isEmpty()
                || (details != null
                        && details.modules().equals(request.modules().get().text()));
    }

    /** Between the first look and the lock somebody else may have built here for an hour, and its owner gone on working. */
    private void tellOfChange(SourceTree.State before, SourceTree.State now) {
        if (before.equals(now)) {
            return;
        }
        if (before instanceof SourceTree.State.Clean one && now instanceof SourceTree.State.Clean other) {
            report.say("while it waited the tree moved from commit "
                    + one.commit().shortHash() + " to " + other.commit().shortHash() + ", which is built now");
        } else if (before instanceof SourceTree.State.Clean && now instanceof SourceTree.State.Dirty) {
            report.say("while it waited the tree was edited");
        } else if (before instanceof SourceTree.State.Dirty && now instanceof SourceTree.State.Clean clean) {
            report.say(
                    "while it waited the tree was committed: " + clean.commit().shortHash());
        } else {
            report.say("while it waited the tree became another one, as far as git can tell");
        }
    }

    /** Said before the long work: whoever meant another tree can stop it now. */
    private void announce(SourceTree.State state) {
        if (state instanceof SourceTree.State.Clean clean) {
            report.say("building commit " + clean.commit().shortHash() + " in " + request.tree());
        } else {
            notStored(state)
                    .ifPresent(outcome ->
                            report.warn("no commit will tell what is built here, to store it by: " + outcome.why()));
        }
    }

    private Optional<BuildOutcome.NotStored> notStored(SourceTree.State state) {
        if (state instanceof SourceTree.State.Dirty dirty) {
            return Optional.of(new BuildOutcome.NotStored(
                    "the tree has changes that are in no commit, or files that git neither tracks nor ignores (it stands at "
                            + dirty.commit().shortHash() + ")",
                    commitIt()));
        }
        if (state instanceof SourceTree.State.NotGit) {
            return Optional.of(new BuildOutcome.NotStored(
                    "the tree is not under git, so that nothing tells later what it was built from", importIt()));
        }
        if (state instanceof SourceTree.State.Inside inside) {
            return Optional.of(new BuildOutcome.NotStored(
                    "the tree is part of the repository " + inside.top()
                            + ", and not its top, so that its commits are not of the tree alone",
                    importIt()));
        }
        if (state instanceof SourceTree.State.Unreadable unreadable) {
            return Optional.of(new BuildOutcome.NotStored(
                    "git cannot tell what is in the tree: " + unreadable.why(), seeStatus()));
        }
        return Optional.empty();
    }

    private String commitIt() {
        return "commit them or put them aside (" + git("add -A") + " && " + git("commit -m changes") + ", or "
                + git("stash -u") + "), and run it again";
    }

    private String importIt() {
        return "put it under git of its own (" + git("init") + " && " + git("add -A") + " && " + git("commit -m import")
                + "), and run it again; or store this kernel by what it is: mvn ktstr:kernel-store -Dktstr.kernelTree="
                + Printable.shellWord(request.tree().toAbsolutePath());
    }

    private String seeStatus() {
        return "see what is said by " + git("status") + ", and run it again";
    }

    private String git(String arguments) {
        return "git -C " + Printable.shellWord(request.tree().toAbsolutePath()) + " " + arguments;
    }

    /** Why a tree that was like this before the build, and is like that after it, gives no kernel that can be stored. */
    private Optional<BuildOutcome> objection(SourceTree.State before, SourceTree.State after) {
        Optional<BuildOutcome.NotStored> unstorable = notStored(before);
        if (unstorable.isPresent() || before.equals(after)) {
            return unstorable.map(BuildOutcome.class::cast);
        }
        if (after instanceof SourceTree.State.Clean moved) {
            return Optional.of(new BuildOutcome.NotStored(
                    "the tree's HEAD moved to " + moved.commit().shortHash()
                            + " while it was built, so that the kernel may be a mixture",
                    "leave the tree alone, and run it again"));
        }
        if (after instanceof SourceTree.State.Dirty) {
            return Optional.of(new BuildOutcome.NotStored("the tree was edited while it was built", commitIt()));
        }
        return Optional.of(new BuildOutcome.NotStored(
                "after the build git can no longer tell what is in the tree"
                        + (after instanceof SourceTree.State.Unreadable unreadable ? ": " + unreadable.why() : ""),
                seeStatus()));
    }

    /** @return what it was configured with: CRC-32 of its {@code .config} */
    private Optional<String> build(
            SourceTree tree,
            Fragments fragments,
            Configuration configuration,
            BuildPrograms programs,
            HostResources host)
            throws IOException {
        Optional<String> configured;
        try (MakeLog log = MakeLog.start(request.log(), report)) {
            report.say("all output of make goes to " + request.log()
                    + (request.keepLog() ? "" : ", which is removed after a success"));
            Make make = new Make(tree.path(), log, report, environment);
            configuration.make(fragments, make, programs);
            configured = configuration.hash();
            compile(tree, make, host);
        }
        if (!request.keepLog()) {
            Files.deleteIfExists(request.log());
        }
        return configured;
    }

    private void compile(SourceTree tree, Make make, HostResources host) throws IOException {
        try (Reservation cpus = host.reserveShare(request.cpuCap(), request.treeTimeout())) {
            int jobs = Math.max(1, cpus.cpus().size());
            report.say("building on " + jobs + (jobs == 1 ? " processor" : " processors") + " of "
                    + host.topology().allowed().size() + " (ktstr.cpuCap, KTSTR_CPU_CAP)");
            long start = environment.nanoTime();
            make.run(
                    "building the kernel in " + tree.path(),
                    List.of("-j" + jobs, "all"),
                    cpus.confine(List.of()),
                    FOR_EVER);
            report.say("built in " + BuildReport.time(Duration.ofNanos(environment.nanoTime() - start)));
        }
    }

    private void warnWithoutVmlinux(SourceTree tree) {
        if (!Files.isRegularFile(tree.path().resolve("vmlinux"))) {
            report.warn("make has left no vmlinux in " + tree.path()
                    + ": nothing will be able to look up this kernel's symbols and types");
        }
    }

    private BuildOutcome store(SourceTree tree, SourceTree.Commit commit, Fragments fragments, String key)
            throws IOException {
        StoreRequest.Builder store = StoreRequest.forTree(tree.path())
                .key(key)
                .source(new KernelSource.Local(tree.path().toString(), commit.shortHash()))
                .kconfigHashes(
                        fragments.own().hash(),
                        fragments.extra().map(Fragment::hash).orElse(null))
                .replace(request.replace());
        request.modules().ifPresent(store::modules);
        request.entryTimeout().ifPresent(store::lockTimeout);
        return new BuildOutcome.Stored(cache.store(store.build()));
    }
}
