package dev.ktstr.cache;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.elf.StripReport;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockUnavailableException;
import dev.ktstr.os.Errno;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import dev.ktstr.publish.EntryLock;
import dev.ktstr.publish.EntryRoot;
import dev.ktstr.publish.Staging;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Stores kernels. */
final class KernelWriter {
    private static final String LOCK_TIMEOUT_VARIABLE = "KTSTR_CACHE_STORE_LOCK_TIMEOUT";
    private static final Duration LOCK_TIMEOUT = Duration.ofMinutes(5);
    private static final EnumSet<Errno> REFUSALS = EnumSet.of(Errno.EROFS, Errno.EACCES, Errno.EPERM);
    private static final String LOCK_ADVICE =
            "let the test runs that use this kernel finish, or end them; or wait longer: " + LOCK_TIMEOUT_VARIABLE
                    + "=10m (or 90s, 1h), -Dktstr.lockTimeout=10m";

    private final EntryRoot root;
    private final KernelFamily family;
    private final EntryReader reader;
    private final Environment environment;
    private final EventSink events;

    KernelWriter(EntryRoot root, KernelFamily family, EntryReader reader, Environment environment, EventSink events) {
        this.root = root;
        this.family = family;
        this.reader = reader;
        this.environment = environment;
        this.events = events;
    }

    StoreResult store(StoreRequest request) throws IOException {
        try {
            return storeChecked(request);
        } catch (FileSystemException failed) {
            throw EntryException.ofTheDisk("storing a kernel", failed, root.path());
        }
    }

    private StoreResult storeChecked(StoreRequest request) throws IOException {
        if (request.key().isPresent()) {
            family.requireStorable(request.key().get());
        }
        StoreInput examined = request.files().image() == null ? null : StoreInput.examine(request, request.files());
        if (examined != null) {
            family.requireStorable(examined.key());
        }
        Optional<StoreResult> stored = findStored(request, examined);
        if (stored.isPresent()) {
            root.sweep();
            return stored.get();
        }
        String key = examined == null ? keyOfContents(request) : examined.key();
        family.requireStorable(key);
        requireFreePlace(key);
        Duration timeout =
                request.lockTimeout().isPresent() ? request.lockTimeout().get() : lockTimeout();
        if (!request.replace() && root.isBeingWritten(key)) {
            stored = findStoredAfterOthers(request, examined, key, timeout);
            if (stored.isPresent()) {
                root.sweep();
                return stored.get();
            }
        }
        StoreInput named = examined == null ? null : examined.withModules();
        try (EntryLock lock = root.lockForWriting(key, timeout, LOCK_ADVICE)) {
            requireFreePlace(key);
            Optional<KernelEntry> present = reader.valid(key);
            Optional<KernelEntry> same = present.filter(entry -> isStored(request, named, entry));
            if (same.isEmpty() || SameKernel.isRaw(same.get())) {
                root.sweep();
                try (Staging staging = lock.stage()) {
                    StoreInput input = complete(request, named, key, staging);
                    if (same.isEmpty() && !request.replace()) {
                        same = present.filter(entry -> SameKernel.isStored(input, entry)); // only now it shows
                    }
                    if (same.isEmpty() || SameKernel.isRaw(same.get())) {
                        present.ifPresent(entry -> warnOfLoss(entry, input));
                        EntryWriter writer = new EntryWriter(input, staging.directory(), same, environment, events);
                        if (writer.write()) {
                            return publish(key, staging, writer.strip());
                        }
                    }
                }
            }
            lock.settle();
            return alreadyStored(same.orElseThrow());
        }
    }

    /**
     * Looks whether there is nothing to do. That takes no more than the shared lock, and only if nobody writes just now: so
     * it goes without waiting while tests use the kernel, and where the store cannot be written.
     */
    private Optional<StoreResult> findStored(StoreRequest request, @Nullable StoreInput named) throws IOException {
        Optional<KernelEntry> found = candidates(request, named).stream()
                .filter(entry -> isStored(request, named, entry) && !SameKernel.isRaw(entry))
                .findFirst();
        if (found.isEmpty()) {
            return Optional.empty();
        }
        String key = found.get().key();
        try (LockGuard held = root.tryLockForReading(key).orElse(null)) {
            return held == null ? Optional.empty() : storedNow(request, named, key);
        } catch (LockUnavailableException readOnly) {
            if (!cannotWrite(readOnly, key)) {
                throw readOnly; // a file system that does not lock, or a lock that somebody has spoilt
            }
            return found.map(KernelWriter::alreadyStored);
        }
    }

    /** Whether there is no lock file because this user can make none. */
    private boolean cannotWrite(LockUnavailableException failure, String key) throws IOException {
        boolean isRefused = failure.getCause() instanceof OsException cause && REFUSALS.contains(cause.errno());
        return failure.code() == ErrorCode.LOCK_ABSENT
                && FileStat.ofLink(root.lock(key, "").lockFile()).isEmpty()
                && (isRefused || !Files.isWritable(root.path()));
    }

    /**
     * Looks again once whoever writes the entry just now is done: most likely that was the same kernel. A crowd that comes at
     * once waits for the shared lock, which all get together; the exclusive one they would have to hand on one by one. If it
     * was another kernel, whoever holds the lock next is waited for anew.
     */
    private Optional<StoreResult> findStoredAfterOthers(
            StoreRequest request, @Nullable StoreInput named, String key, Duration timeout) throws IOException {
        try (LockGuard held = root.lockBriefly(key, timeout, LOCK_ADVICE)) {
            return storedNow(request, named, key);
        }
    }

    /** For whoever holds the entry's lock: that there is nothing to do, having made sure that what is there will last. */
    private Optional<StoreResult> storedNow(StoreRequest request, @Nullable StoreInput named, String key)
            throws IOException {
        Optional<KernelEntry> now =
                reader.valid(key).filter(entry -> isStored(request, named, entry) && !SameKernel.isRaw(entry));
        if (now.isPresent()) {
            root.settle();
        }
        return now.map(KernelWriter::alreadyStored);
    }

    /** Where the kernel would be if it were stored. What was unpacked from the same packages may have any key. */
    private List<KernelEntry> candidates(StoreRequest request, @Nullable StoreInput named) throws IOException {
        String key = named == null ? request.key().orElse(null) : named.key();
        if (key != null) {
            return reader.valid(key).stream().toList();
        }
        return request.packages().isEmpty()
                ? List.of()
                : reader.list().stream()
                        .flatMap(entry -> entry.fold(Stream::of, corrupt -> Stream.<KernelEntry>empty()))
                        .toList();
    }

    private static boolean isStored(StoreRequest request, @Nullable StoreInput named, KernelEntry entry) {
        return !request.replace()
                && (named == null ? SameKernel.isOfPackages(request, entry) : SameKernel.isStored(named, entry));
    }

    private static StoreResult alreadyStored(KernelEntry entry) {
        return new StoreResult(entry, StoreResult.Outcome.ALREADY_STORED, Optional.empty());
    }

    private static String keyOfContents(StoreRequest request) throws IOException {
        if (request.key().isPresent()) {
            return request.key().get();
        }
        Path shown = Path.of(
                request.packages().isEmpty()
                        ? "image"
                        : request.packages().get(0).name());
        try (InputStream image = request.contents().orElseThrow().openImage()) {
            return StoreInput.key(request, KernelImage.read(image, shown));
        }
    }

    /** With everything that the contents bring, if there are any. */
    private static StoreInput complete(StoreRequest request, @Nullable StoreInput named, String key, Staging staging)
            throws IOException {
        if (request.contents().isEmpty()) {
            return Objects.requireNonNull(named);
        }
        Path scratch = staging.scratch();
        try {
            KernelFiles made = request.contents().get().provide(scratch, request.modules());
            KernelFiles files = request.files().or(made);
            if (files.image() == null) {
                throw noImage();
            }
            StoreInput input = StoreInput.examine(request, files).withModules();
            EntryWriter.requireUnchanged(input.key().equals(key), files.image());
            return input;
        } catch (StoreException unusable) {
            throw withoutScratch(unusable, scratch, request);
        }
    }

    /** Names what the files were made from: they themselves are gone when this is read. */
    private static StoreException withoutScratch(StoreException failure, Path scratch, StoreRequest request) {
        if (failure.path().filter(path -> path.startsWith(scratch)).isEmpty()) {
            return failure;
        }
        String origin = request.packages().stream().map(PackageId::name).collect(Collectors.joining(" and "));
        return new StoreException(
                failure.code(),
                failure.problem().replace(scratch + "/", "") + (origin.isEmpty() ? "" : ", as unpacked from " + origin),
                null,
                failure.remedy(),
                failure);
    }

    /** What a request without a boot image is told. */
    static StoreException noImage() {
        return new StoreException(
                ErrorCode.INPUT_UNUSABLE,
                "storing a kernel: no boot image was given",
                null,
                "name one: the distribution's vmlinuz, or arch/x86/boot/bzImage of a built tree");
    }

    /** An entry with less in it is another entry, and may be what is wanted; more likely something was left out. */
    private void warnOfLoss(KernelEntry before, StoreInput input) {
        List<String> lost = new ArrayList<>();
        if (before.vmlinux().isPresent() && input.vmlinux() == null) {
            lost.add("vmlinux");
        }
        if (before.config().isPresent() && input.config() == null) {
            lost.add("config");
        }
        if (!before.modules().isEmpty() && input.files().modulesDir() == null) {
            lost.add("modules");
        }
        if (!lost.isEmpty()) {
            warn("the entry " + before.key() + " had " + String.join(" and ", lost)
                    + ", and is replaced by one without, since none was given");
        }
    }

    private StoreResult publish(String key, Staging staging, Optional<StripReport> strip) throws IOException {
        boolean replaced = staging.publish();
        ListedEntry entry = reader.read(key)
                .orElseThrow(() -> new EntryException(
                        ErrorCode.ENTRY_DAMAGED,
                        "storing " + key + ": it was published, and somebody removed it at once",
                        root.entry(key),
                        "find out who cleans this cache without taking its locks, and store again"));
        if (entry instanceof ListedEntry.Corrupt corrupt) {
            throw new EntryException(
                    ErrorCode.ENTRY_DAMAGED,
                    "storing " + key + ": it was published, and cannot be read back: " + corrupt.reason(),
                    root.entry(key),
                    "see whether it can be read by now: mvn ktstr:kernel-verify -Dktstr.key=" + key);
        }
        return new StoreResult(
                ((ListedEntry.Valid) entry).entry(),
                replaced ? StoreResult.Outcome.REPLACED : StoreResult.Outcome.STORED,
                strip);
    }

    private void warn(String text) {
        events.accept(new KtstrEvent.Warning(text));
    }

    /** Each is looked at once: between two looks somebody who takes no lock may have removed it. */
    private void requireFreePlace(String key) throws IOException {
        if (FileStat.of(root.path()).filter(stat -> !stat.isDirectory()).isPresent()) {
            throw KernelCache.notADirectory(root.path());
        }
        Path target = root.entry(key);
        if (FileStat.ofLink(target).filter(stat -> !stat.isDirectory()).isPresent()) {
            throw new StoreException(
                    ErrorCode.TARGET_TAKEN,
                    "storing " + key + ": something that is not a directory is in its place",
                    target,
                    "move it away, or choose another key");
        }
    }

    private Duration lockTimeout() throws EnvironmentException {
        String text = environment.variable(LOCK_TIMEOUT_VARIABLE).orElse(null);
        if (text == null) {
            return LOCK_TIMEOUT;
        }
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException invalid) {
            if (environment.firstTime(LOCK_TIMEOUT_VARIABLE)) {
                warn(LOCK_TIMEOUT_VARIABLE + ": " + invalid.getMessage() + "; using " + Durations.format(LOCK_TIMEOUT)
                        + "; " + Durations.EXAMPLES);
            }
            return LOCK_TIMEOUT;
        }
    }
}
