package dev.ktstr.cache;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.elf.MalformedElfException;
import dev.ktstr.elf.StripReport;
import dev.ktstr.elf.VmlinuxStripper;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.FileCopy;
import dev.ktstr.os.FileStat;
import dev.ktstr.publish.EntryLock;
import dev.ktstr.publish.EntryRoot;
import dev.ktstr.publish.Staging;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Stores kernels. */
final class KernelWriter {
    private static final String LOCK_TIMEOUT_VARIABLE = "KTSTR_CACHE_STORE_LOCK_TIMEOUT";
    private static final Duration LOCK_TIMEOUT = Duration.ofMinutes(5);
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
        StoreInput input = StoreInput.examine(request);
        String key = input.key();
        family.requireStorable(key);
        requireFreePlace(key);
        Duration timeout =
                request.lockTimeout().isPresent() ? request.lockTimeout().get() : lockTimeout();
        try (EntryLock lock = root.lockForWriting(key, timeout, LOCK_ADVICE)) {
            requireFreePlace(key);
            Optional<KernelEntry> present = reader.valid(key);
            Optional<KernelEntry> same =
                    request.replace() ? Optional.empty() : present.filter(entry -> SameKernel.isStored(input, entry));
            if (same.isEmpty() || SameKernel.isRaw(same.get())) {
                root.sweep();
                present.ifPresent(entry -> warnOfLoss(entry, request));
                try (Staging staging = lock.stage()) {
                    Optional<StoreResult> written = write(input, key, same, staging);
                    if (written.isPresent()) {
                        return written.get();
                    }
                }
            }
            lock.settle();
            return new StoreResult(same.orElseThrow(), StoreResult.Outcome.ALREADY_STORED, Optional.empty());
        }
    }

    /** An entry with less in it is another entry, and may be what is wanted; more likely something was left out. */
    private void warnOfLoss(KernelEntry before, StoreRequest request) {
        boolean vmlinux = before.vmlinux().isPresent() && request.vmlinux().isEmpty();
        boolean config = before.config().isPresent() && request.config().isEmpty();
        if (vmlinux || config) {
            events.accept(new KtstrEvent.Warning("the entry " + before.key() + " had "
                    + (vmlinux && config ? "vmlinux and config" : vmlinux ? "vmlinux" : "config")
                    + ", and is replaced by one without, since none was given"));
        }
    }

    /**
     * Writes and publishes the entry.
     *
     * @param raw the same kernel, whose {@code vmlinux} could not be stripped when it was stored
     * @return empty, with nothing published, if it still cannot be stripped
     */
    private Optional<StoreResult> write(StoreInput input, String key, Optional<KernelEntry> raw, Staging staging)
            throws IOException {
        Path directory = staging.directory();
        StoreRequest request = input.request();
        Path image = directory.resolve(input.image().imageName());
        copy("copy kernel image to cache", request.image(), image);
        String imageSha256 = Checksums.sha256(image);
        requireUnchanged(imageSha256.equals(input.imageSha256()), request.image());
        Optional<StripReport> strip = Optional.empty();
        Path vmlinux = directory.resolve(KernelFamily.VMLINUX);
        if (request.vmlinux().isPresent()) {
            Path source = request.vmlinux().get();
            strip = strip(source, vmlinux, raw.isPresent());
            // Also after a failed strip: a file that is being written looks like a broken one.
            requireUnchanged(isUnchanged(source, input.vmlinux()), source);
            if (strip.isEmpty() && raw.isPresent()) {
                return Optional.empty();
            }
        }
        SortedMap<String, String> files = new TreeMap<>();
        if (request.config().isPresent()) {
            Path config = directory.resolve(KernelFamily.CONFIG);
            copy("copy kernel configuration to cache", request.config().get(), config);
            KernelConfig examined = Objects.requireNonNull(input.config());
            requireUnchanged(
                    KernelConfig.read(config).equals(examined), request.config().get());
            files.put(KernelFamily.CONFIG, Checksums.sha256(config));
        }
        KernelMetadata metadata = metadata(input, strip, image, imageSha256, vmlinux, files, raw);
        try {
            Files.write(directory.resolve(KernelFamily.METADATA), MetadataCodec.write(metadata));
        } catch (IOException failed) {
            throw failed("write cache metadata", directory.resolve(KernelFamily.METADATA), failed);
        }
        boolean replaced = staging.publish();
        KernelEntry entry = reader.valid(key)
                .orElseThrow(() -> new EntryException(
                        ErrorCode.ENTRY_DAMAGED,
                        "storing " + key + ": it was published, and somebody removed it at once",
                        root.entry(key),
                        "find out who cleans this cache without taking its locks, and store again"));
        return Optional.of(
                new StoreResult(entry, replaced ? StoreResult.Outcome.REPLACED : StoreResult.Outcome.STORED, strip));
    }

    /**
     * Empty if it could not be stripped, and was copied as it is.
     *
     * @param known whether that is no news, since the same file could not be stripped before
     */
    private Optional<StripReport> strip(Path source, Path target, boolean known) throws IOException {
        try {
            return Optional.of(VmlinuxStripper.strip(
                    source,
                    target,
                    reason -> events.accept(new KtstrEvent.Warning("stripping " + source
                            + " by the keep list: " + reason.problem()
                            + "; only its debug sections are removed"))));
        } catch (MalformedElfException reason) {
            if (!known) {
                events.accept(new KtstrEvent.Warning(
                        "vmlinux strip failed, caching unstripped: " + source + ": " + reason.problem()));
            }
            copy("copy vmlinux to cache", source, target);
            return Optional.empty();
        }
    }

    private KernelMetadata metadata(
            StoreInput input,
            Optional<StripReport> strip,
            Path image,
            String imageSha256,
            Path vmlinux,
            SortedMap<String, String> files,
            Optional<KernelEntry> raw)
            throws IOException {
        StoreInput.Vmlinux source = input.vmlinux();
        KernelConfig config = input.config();
        StoredDetails jvm = new StoredDetails(
                "ktstr-jvm "
                        + Optional.ofNullable(KernelWriter.class.getPackage().getImplementationVersion())
                                .orElse("(built in place)"),
                input.image().release(),
                imageSha256,
                Files.size(image),
                source == null ? null : Checksums.sha256(vmlinux),
                source == null ? null : Files.size(vmlinux),
                source == null ? null : source.buildId(),
                source == null ? null : source.keptSha256(),
                source == null
                        ? null
                        : strip.map(report -> report.kind().text()).orElse(SameKernel.NO_STRIP),
                SameKernel.NO_MODULES,
                List.of(),
                files,
                null);
        return new KernelMetadata(
                input.version(),
                input.request().source(),
                input.image().arch(),
                input.image().imageName(),
                config == null ? null : config.hash(),
                Instant.now(environment.clock()).truncatedTo(ChronoUnit.SECONDS).toString(),
                null,
                null,
                source != null,
                strip.isPresent(),
                source == null ? null : source.stat().size(),
                source == null ? null : source.stat().modifiedSeconds(),
                jvm,
                raw.map(entry -> entry.metadata().json()).orElse(null));
    }

    private static boolean isUnchanged(Path source, StoreInput.@Nullable Vmlinux examined) throws IOException {
        return examined != null
                && FileStat.of(source).filter(examined.stat()::isUnchanged).isPresent();
    }

    private static void requireUnchanged(boolean unchanged, Path source) throws StoreException {
        if (!unchanged) {
            throw new StoreException(
                    ErrorCode.SOURCE_CHANGED,
                    "storing a kernel: a file changed while it was read",
                    source,
                    "let whatever writes it (a build?) finish, and try again");
        }
    }

    private void requireFreePlace(String key) throws StoreException {
        if (Files.exists(root.path()) && !Files.isDirectory(root.path())) {
            throw KernelCache.notADirectory(root.path());
        }
        Path target = root.entry(key);
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
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
                events.accept(new KtstrEvent.Warning(LOCK_TIMEOUT_VARIABLE + ": " + invalid.getMessage() + "; using "
                        + Durations.format(LOCK_TIMEOUT) + "; " + Durations.EXAMPLES));
            }
            return LOCK_TIMEOUT;
        }
    }

    private static void copy(String doing, Path source, Path target) throws StoreException {
        try {
            FileCopy.copy(source, target);
        } catch (IOException failed) {
            throw failed(doing, source, failed);
        }
    }

    private static StoreException failed(String doing, Path path, IOException cause) {
        return cause instanceof KtstrException known
                ? new StoreException(known.code(), doing + ": " + known.problem(), path, known.remedy(), cause)
                : new StoreException(
                        ErrorCode.OS_CALL,
                        doing + ": " + cause,
                        path,
                        "check the free space and the permissions in the cache, and store again; what was stored"
                                + " before is untouched",
                        cause);
    }
}
