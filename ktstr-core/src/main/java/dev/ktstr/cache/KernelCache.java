package dev.ktstr.cache;

import dev.ktstr.CacheDirectory;
import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.lock.LockUnavailableException;
import dev.ktstr.publish.CleanReport;
import dev.ktstr.publish.EntryRoot;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The kernel store. Any number of processes may use one at the same time, the original ktstr among them. Opening it
 * touches nothing; the first store creates it. Immutable, safe for use by several threads.
 */
public final class KernelCache {
    /** How long a reader waits for a writer, unless told otherwise. */
    private static final Duration LEASE_TIMEOUT = Duration.ofSeconds(10);

    private static final String LEASE_ADVICE = "a store of this kernel is under way: let it finish, and try again";

    private static final String FREE_ADVICE =
            "let the test runs that use this kernel finish, or end them, and try again";

    private static final String SOURCE_ADVICE =
            "let the build in this tree finish, or end it; or build in a tree of your own: git worktree add DIR";

    private final KernelFamily family = new KernelFamily();
    private final Environment environment;
    private final EventSink events;
    private final EntryRoot root;
    private final EntryReader reader;

    private KernelCache(Path directory, Environment environment, EventSink events) {
        this.environment = environment;
        this.events = events;
        this.root = new EntryRoot(directory, family, environment, events);
        this.reader = new EntryReader(directory, family);
    }

    private KernelCache(KernelCache other, String test) {
        this.environment = other.environment;
        this.events = other.events;
        this.root = other.root.forTest(test);
        this.reader = other.reader;
    }

    /**
     * The cache that the environment names: {@code KTSTR_CACHE_DIR}, else {@code $XDG_CACHE_HOME/ktstr/kernels}, else
     * {@code $HOME/.cache/ktstr/kernels}.
     *
     * @throws EnvironmentException if the variable that decides is unusable
     */
    public static KernelCache open(Environment environment) throws EnvironmentException {
        return open(environment, EventSink.logging());
    }

    /** As {@link #open(Environment)}, telling a sink of one's own from the start. */
    public static KernelCache open(Environment environment, EventSink events) throws EnvironmentException {
        CacheDirectory.caution(environment)
                .filter(environment::firstTime)
                .ifPresent(caution -> events.accept(new KtstrEvent.Warning(caution)));
        return new KernelCache(CacheDirectory.of(environment, "kernels"), environment, events);
    }

    /** The cache in a directory, in this process's environment. */
    public static KernelCache at(Path directory) {
        return at(directory, Environment.system());
    }

    /** The cache in a directory. */
    public static KernelCache at(Path directory, Environment environment) {
        return new KernelCache(directory.toAbsolutePath(), environment, EventSink.logging());
    }

    /** The same cache, telling another sink what it does. */
    public KernelCache withEvents(EventSink sink) {
        return new KernelCache(root.path(), environment, sink);
    }

    /** The same cache, used by a test: whoever waits for what it holds is told its name. */
    public KernelCache forTest(String test) {
        return new KernelCache(this, test);
    }

    /** The directory, absolute; it may not be there yet. */
    public Path root() {
        return root.path();
    }

    /** Whether a path lies in this cache. Links are followed both ways; false for what cannot be resolved. */
    public boolean contains(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            return false;
        }
        try {
            return parent.toRealPath().startsWith(root.path().toRealPath());
        } catch (IOException absent) {
            return false;
        }
    }

    /**
     * The entry of a key, if it is usable. A corrupt one is as good as none (see {@link #list}), and so is a key that
     * is not allowed. Takes no lock: what comes back may be replaced the next moment.
     *
     * @throws IOException if the cache cannot be read
     */
    public Optional<KernelEntry> lookup(String key) throws IOException {
        if (!family.isReadable(key) || !family.owns(key)) {
            events.accept(new KtstrEvent.Warning("\"" + key + "\" is no key of the kernel cache"));
            return Optional.empty();
        }
        Optional<KernelEntry> entry = reader.valid(key);
        entry.ifPresent(this::warnIfUnstripped);
        return entry;
    }

    /** {@link #lease(String, Duration)} with 10 s. */
    public KernelLease lease(String key) throws IOException {
        return lease(key, LEASE_TIMEOUT);
    }

    /**
     * Holds an entry for as long as its files are used. Sizes and identity are checked, checksums are not.
     *
     * @param timeout how long to wait for a writer
     * @throws InvalidKeyException if the key is not allowed
     * @throws EntryException if there is no usable entry, or it is damaged
     * @throws dev.ktstr.lock.LockTimeoutException if somebody still writes it after {@code timeout}
     * @throws LockUnavailableException if there is no lock file and none can be made, as on a read-only file system
     */
    public KernelLease lease(String key, Duration timeout) throws IOException {
        family.requireReadable(key);
        requireEntry(key); // before there is a lock file for something that is not there
        LockGuard guard = root.lockForReading(key, timeout, LEASE_ADVICE);
        try {
            KernelLease lease = new KernelLease(requireEntry(key), reader, guard);
            lease.check();
            return lease;
        } catch (IOException | RuntimeException failed) {
            guard.close();
            throw failed;
        }
    }

    /**
     * Holds an entry that was looked up before, in whichever cache it is.
     *
     * @throws EntryException if it has been removed or replaced since
     * @throws dev.ktstr.lock.LockTimeoutException as {@link #lease(String, Duration)}
     */
    public static KernelLease lease(KernelEntry entry, Environment environment, EventSink events) throws IOException {
        Path root = Objects.requireNonNull(entry.directory().getParent(), "an entry is in a directory");
        KernelLease lease = at(root, environment).withEvents(events).lease(entry.key());
        if (lease.entry().isSameGeneration(entry) && lease.entry().hasSameFiles(entry)) {
            return lease;
        }
        lease.close();
        throw EntryException.damaged(
                entry.key(), entry.directory(), "it was replaced since it was looked up: look it up again");
    }

    /** The best entry that a selector means; takes no lock, like {@link #lookup}. */
    public Optional<KernelEntry> find(KernelSelector selector) throws IOException {
        return findAll(selector).stream().findFirst();
    }

    /** Every usable entry that a selector means, the best first. */
    public List<KernelEntry> findAll(KernelSelector selector) throws IOException {
        return selector.select(
                reader.list().stream()
                        .flatMap(entry -> entry.fold(Stream::of, corrupt -> Stream.<KernelEntry>empty()))
                        .toList(),
                root());
    }

    /** {@link #lease(KernelSelector, Duration)} with 10 s. */
    public KernelLease lease(KernelSelector selector) throws IOException {
        return lease(selector, LEASE_TIMEOUT);
    }

    /**
     * Holds the best entry that a selector means. What was selected may be gone when its lock is there; then it is
     * selected again.
     *
     * @throws EntryException if nothing matches, or the entry is damaged
     * @throws dev.ktstr.lock.LockTimeoutException as {@link #lease(String, Duration)}
     */
    public KernelLease lease(KernelSelector selector, Duration timeout) throws IOException {
        while (true) {
            KernelEntry selected = find(selector).orElse(null);
            if (selected == null) {
                throw new EntryException(
                        ErrorCode.ENTRY_MISSING,
                        "selecting a kernel by \"" + selector + "\": no usable entry matches",
                        root(),
                        present(list()));
            }
            try {
                KernelLease lease = lease(selected.key(), timeout);
                if (!selector.select(List.of(lease.entry()), root()).isEmpty()) {
                    return lease;
                }
                lease.close(); // another kernel has taken the key meanwhile
            } catch (EntryException gone) {
                if (gone.code() != ErrorCode.ENTRY_MISSING) {
                    throw gone;
                }
            }
        }
    }

    /**
     * Every entry, the newest first, then what is corrupt. Takes no lock. Directories of disk templates, which may
     * share the root, are passed over.
     *
     * @return empty if there is no cache yet
     * @throws IOException if it cannot be read
     */
    public List<ListedEntry> list() throws IOException {
        return reader.list();
    }

    /**
     * Stores a kernel, unless the same one is there. When this has returned the entry lasts, also after a power cut;
     * when it has thrown, what was there before is there still, unless the very last step failed: then the new entry may
     * be visible and not yet forced to disk or, on a file system that cannot exchange two names (a lower overlayfs layer),
     * there may be none. Of several processes that store the same kernel at once
     * one does the work.
     *
     * @throws InvalidKeyException if the key is not allowed; nothing has been touched
     * @throws StoreException if the files cannot be stored
     * @throws dev.ktstr.lock.LockTimeoutException if the entry to be replaced stays in use
     */
    public StoreResult store(StoreRequest request) throws IOException {
        StoreResult result = new KernelWriter(root, family, reader, environment, events).store(request);
        warnIfUnstripped(result.entry());
        return result;
    }

    /**
     * Fails at once, naming the holders, if somebody uses an entry. For whoever is about to replace it and has much work
     * before that; the store itself waits.
     *
     * @throws dev.ktstr.lock.LockTimeoutException if somebody does
     */
    public void requireFree(String key) throws IOException {
        family.requireReadable(key);
        try {
            root.lockForWriting(key, Duration.ZERO, FREE_ADVICE).close();
        } catch (FileSystemException failed) {
            throw EntryException.ofTheDisk("looking whether " + key + " is in use", failed, root());
        }
    }

    /**
     * The lock of a source tree: exclusive for whoever builds in it, shared for whoever copies from it. Source trees come
     * before entries: take it before the store, never after. Creates the cache's directory for locks if need be.
     *
     * @throws IOException if that cannot be created
     */
    public Flock sourceLock(SourceTree tree) throws IOException {
        try {
            return root.sourceLock(tree.lockName(), "source tree " + tree.path(), SOURCE_ADVICE);
        } catch (FileSystemException failed) {
            throw EntryException.ofTheDisk("making the lock of source tree " + tree.path(), failed, root());
        }
    }

    /**
     * Removes entries that nobody holds, and debris of stores that died. One that is held is skipped.
     *
     * @throws EntryException if the policy names a key that is not there
     */
    public CleanReport clean(CleanPolicy policy) throws IOException {
        try {
            return new KernelCleaner(root, reader, environment, policy).clean();
        } catch (FileSystemException failed) {
            throw EntryException.ofTheDisk("cleaning the kernel cache", failed, root());
        }
    }

    /**
     * What stores that died have left behind, which {@link #clean} removes besides entries, and so does the next store of the
     * same kernel. Removes nothing; locks are taken shared for an instant, to see whether anybody else holds them.
     */
    public List<Path> orphans() {
        return root.debris();
    }

    /**
     * Re-reads an entry, whether usable or corrupt, under its shared lock where there is one.
     *
     * @throws EntryException if there is nothing by that key
     */
    public VerifyReport verify(String key) throws IOException {
        family.requireReadable(key);
        requireListed(key);
        try (LockGuard guard = root.lockForReading(key, LEASE_TIMEOUT, LEASE_ADVICE)) {
            return new KernelVerifier(requireListed(key)).verify();
        } catch (LockUnavailableException readOnly) {
            KernelVerifier verifier = new KernelVerifier(requireListed(key));
            verifier.note("checked without a lock: " + readOnly.code().id());
            return verifier.verify();
        }
    }

    /**
     * Every lock file of this store by key, held or not: those of kernels, of source trees ({@code source-*}) and, in a
     * root that they share, of disk templates. Takes none of them.
     */
    public List<ListedLock> locks(LockSurvey survey) throws IOException {
        return root.locks(survey);
    }

    /** What is there, as the advice of a message about something that is not. */
    static String present(List<ListedEntry> listed) {
        String keys = listed.stream()
                .filter(ListedEntry.Valid.class::isInstance)
                .map(ListedEntry::key)
                .collect(Collectors.joining(", "));
        return keys.isEmpty()
                ? "the cache has no usable kernel yet; store one: mvn ktstr:kernel-store -Dktstr.image=/boot/vmlinuz-..."
                : "use one of: " + keys;
    }

    static StoreException notADirectory(Path root) {
        return new StoreException(
                ErrorCode.ENV_CACHE_ROOT,
                "opening the kernel cache: the path is not a directory",
                root,
                "move it away, or name another directory (KTSTR_CACHE_DIR, -Dktstr.cacheDir)");
    }

    private KernelEntry requireEntry(String key) throws IOException {
        ListedEntry found = requireListed(key);
        if (found instanceof ListedEntry.Corrupt corrupt) {
            throw EntryException.damaged(key, corrupt.directory(), corrupt.reason());
        }
        return ((ListedEntry.Valid) found).entry();
    }

    private ListedEntry requireListed(String key) throws IOException {
        Optional<ListedEntry> found = family.owns(key) ? reader.read(key) : Optional.empty();
        if (found.isEmpty()) {
            throw new EntryException(
                    ErrorCode.ENTRY_MISSING,
                    "looking for kernel " + key + ": it is not in the cache",
                    root(),
                    present(list()));
        }
        return found.get();
    }

    private void warnIfUnstripped(KernelEntry entry) {
        KernelMetadata metadata = entry.metadata();
        if (metadata.hasVmlinux()
                && !metadata.vmlinuxStripped()
                && environment.firstTime("unstripped " + entry.directory())) {
            events.accept(new KtstrEvent.Warning("using unstripped vmlinux of " + entry.key()
                    + ": it could not be stripped when it was stored, and takes its full size"));
        }
    }
}
