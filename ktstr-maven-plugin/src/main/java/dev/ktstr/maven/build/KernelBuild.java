package dev.ktstr.maven.build;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSource;
import dev.ktstr.cache.SourceTree;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.event.EventSink;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.Reservation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Builds a source tree under its lock, and stores the kernel. For one build. */
public final class KernelBuild {
    /** Nobody builds for so long; but how long is too long is for whoever watches to say. */
    private static final Duration FOR_EVER = Duration.ofDays(365);

    private static final String COMMIT_IT =
            "commit the changes or put them aside (git commit -a, git stash), and run it again";

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

    /**
     * Does it, unless the kernel is stored already.
     *
     * @throws dev.ktstr.lock.LockTimeoutException if somebody else builds in the tree for too long
     * @throws dev.ktstr.KtstrException if it cannot be built, or not as it was asked for
     */
    public BuildOutcome run() throws IOException {
        SourceTree tree = requireTree();
        Fragments fragments = Fragments.of(request.extraKconfig());
        BuildPrograms programs = new BuildPrograms(environment);
        SourceTree.State first = tree.state();
        Optional<KernelEntry> stored = find(tree, first, fragments);
        if (stored.isPresent() && !request.replace()) {
            return new BuildOutcome.Hit(stored.get());
        }
        Configuration configuration = new Configuration(tree.path());
        programs.require(configuration.expected(fragments));
        try (TreeLock held = TreeLock.forBuilding(cache, tree, environment, request.treeTimeout())) {
            SourceTree.State state = tree.state();
            tellOfChange(first, state);
            stored = find(tree, state, fragments);
            if (stored.isPresent()) {
                if (!request.replace()) {
                    return new BuildOutcome.Hit(stored.get());
                }
                cache.requireFree(stored.get().key());
            }
            announce(state);
            Optional<String> base = configuration.hash();
            Make make = new Make(tree.path(), startLog(), report, environment);
            configuration.make(fragments, make, programs);
            Optional<String> configured = configuration.hash();
            compile(tree, make);
            Optional<BuildOutcome> unstorable = objection(state, tree.state());
            if (unstorable.isEmpty() && !configuration.hash().equals(configured)) {
                unstorable = Optional.of(new BuildOutcome.NotStored(
                        "its .config was changed while it was built", "leave it alone, and run it again"));
            }
            warnWithoutVmlinux(tree);
            if (unstorable.isPresent() || !(state instanceof SourceTree.State.Clean clean)) {
                return unstorable.orElseThrow();
            }
            String key = stored.map(KernelEntry::key)
                    .orElseGet(
                            () -> BuildKey.of(clean.commit(), fragments, base).text());
            return store(tree, clean.commit(), fragments, key);
        }
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
        if (!Files.isWritable(tree.path())) {
            throw unusable("it cannot be written to", "build as its owner, or in a copy: git worktree add DIR");
        }
        return tree;
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
                : BuildKey.of(clean.commit(), fragments, new Configuration(tree.path()).hash())
                        .find(cache);
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

    private static Optional<BuildOutcome.NotStored> notStored(SourceTree.State state) {
        if (state instanceof SourceTree.State.Dirty dirty) {
            return Optional.of(new BuildOutcome.NotStored(
                    "the tree has changes that are in no commit (it stands at "
                            + dirty.commit().shortHash() + ")",
                    COMMIT_IT));
        }
        if (state instanceof SourceTree.State.NotGit) {
            return Optional.of(new BuildOutcome.NotStored(
                    "the tree is not under git, so that nothing tells later what it was built from",
                    "put it under git (git init && git add -A && git commit -m import), and run it again; or store this"
                            + " kernel by what it is: mvn ktstr:kernel-store -Dktstr.kernelTree=..."));
        }
        if (state instanceof SourceTree.State.Unreadable unreadable) {
            return Optional.of(new BuildOutcome.NotStored(
                    "git cannot tell what is in the tree: " + unreadable.why(),
                    "see what git status says there, and run it again"));
        }
        return Optional.empty();
    }

    /** Why a tree that was like this before the build, and is like that after it, gives no kernel that can be stored. */
    private static Optional<BuildOutcome> objection(SourceTree.State before, SourceTree.State after) {
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
            return Optional.of(new BuildOutcome.NotStored("the tree was edited while it was built", COMMIT_IT));
        }
        return Optional.of(new BuildOutcome.NotStored(
                "after the build git can no longer tell what is in the tree"
                        + (after instanceof SourceTree.State.Unreadable unreadable ? ": " + unreadable.why() : ""),
                "see what git status says there, and run it again"));
    }

    private Path startLog() throws IOException {
        Path parent = request.log().toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.deleteIfExists(request.log());
        Files.createFile(request.log()); // in a directory for temporary files it must be nobody else's
        report.say("all output of make goes to " + request.log());
        return request.log();
    }

    private void compile(SourceTree tree, Make make) throws IOException {
        HostResources host = HostResources.open(environment, events);
        long start = environment.nanoTime();
        try (Reservation cpus = host.reserveShare(request.cpuCap(), request.treeTimeout())) {
            int jobs = Math.max(1, cpus.cpus().size());
            report.say("building on " + jobs + (jobs == 1 ? " processor" : " processors"));
            make.run(
                    "building the kernel in " + tree.path(),
                    List.of("-j" + jobs, "all"),
                    cpus.confine(List.of()),
                    FOR_EVER);
        }
        Duration elapsed = Duration.ofNanos(environment.nanoTime() - start);
        report.say("built in " + BuildReport.time(elapsed));
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
        request.entryTimeout().ifPresent(store::lockTimeout);
        return new BuildOutcome.Stored(cache.store(store.build()));
    }
}
