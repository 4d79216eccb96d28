package dev.ktstr.cache;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.elf.MalformedElfException;
import dev.ktstr.elf.StripReport;
import dev.ktstr.elf.VmlinuxStripper;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileCopy;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes the files of one entry into a directory that nobody else looks at yet. One use per entry. */
final class EntryWriter {
    private final StoreInput input;
    private final Path directory;
    private final Optional<KernelEntry> raw;
    private final Environment environment;
    private final EventSink events;
    private Optional<StripReport> strip = Optional.empty();
    private @Nullable String vmlinuxSha256;

    /** @param raw the same kernel, whose {@code vmlinux} could not be stripped when it was stored */
    EntryWriter(
            StoreInput input, Path directory, Optional<KernelEntry> raw, Environment environment, EventSink events) {
        this.input = input;
        this.directory = directory;
        this.raw = raw;
        this.environment = environment;
        this.events = events;
    }

    /**
     * Writes everything.
     *
     * @return false if its {@code vmlinux} still cannot be stripped, so that the entry would be the one there is
     */
    boolean write() throws IOException {
        try {
            return writeAll();
        } catch (KtstrException | ClosedByInterruptException known) {
            throw known;
        } catch (IOException failed) {
            throw failed(
                    "write the files of the entry", Objects.requireNonNull(directory.getParent(), "a root"), failed);
        }
    }

    private boolean writeAll() throws IOException {
        Path image = directory.resolve(input.image().imageName());
        Path vmlinux = directory.resolve(KernelFamily.VMLINUX);
        Path source = input.files().vmlinux();
        if (source == null) {
            writeImage(image);
        } else {
            SideBySide.run(() -> writeImage(image), () -> writeVmlinux(source, vmlinux));
            if (strip.isEmpty() && raw.isPresent()) {
                return false;
            }
        }
        SortedMap<String, String> files = new TreeMap<>(modules());
        Path configSource = input.files().config();
        if (configSource != null) {
            Path config = directory.resolve(KernelFamily.CONFIG);
            copy("copy kernel configuration to cache", configSource, config);
            byte[] written = Written.read(config, StoreInput.MAX_CONFIG);
            requireUnchanged(KernelConfig.of(written).equals(input.config()), configSource);
            files.put(KernelFamily.CONFIG, Checksums.sha256(written));
        }
        byte[] metadata = MetadataCodec.write(metadata(image, vmlinux, files));
        requireReadable(metadata);
        try {
            Files.write(
                    directory.resolve(KernelFamily.METADATA),
                    metadata,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
        } catch (IOException failed) {
            throw failed("write cache metadata", directory.resolve(KernelFamily.METADATA), failed);
        }
        return true;
    }

    private void writeImage(Path image) throws IOException {
        Path source = Objects.requireNonNull(input.files().image());
        copy("copy kernel image to cache", source, image);
        beginWriteback(image);
        requireUnchanged(Written.sha256(image).equals(input.image().sha256()), source);
    }

    private void writeVmlinux(Path source, Path vmlinux) throws IOException {
        strip = strip(source, vmlinux);
        // Also after a failed strip: a file that is being written looks like a broken one.
        requireUnchanged(isUnchanged(source, input.vmlinux()), source);
        beginWriteback(vmlinux);
        if (strip.isPresent() || raw.isEmpty()) { // else it is not stored
            vmlinuxSha256 = Written.sha256(vmlinux);
        }
    }

    /** The disk has something to do then while checksums are made: the {@code fsync} before the entry is published is shorter. */
    private static void beginWriteback(Path file) throws IOException {
        try (Fd fd = Written.open(file)) {
            fd.beginWriteback();
        }
    }

    /** How the {@code vmlinux} was stripped; empty if there is none, or it was copied as it is. */
    Optional<StripReport> strip() {
        return strip;
    }

    /**
     * Empty if it could not be stripped, and was copied as it is.
     */
    private Optional<StripReport> strip(Path source, Path target) throws IOException {
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            return Optional.of(VmlinuxStripper.strip(
                    source,
                    channel,
                    reason -> warn("stripping " + source + " by the keep list: " + reason.problem()
                            + "; only its debug sections are removed")));
        } catch (MalformedElfException reason) {
            if (raw.isEmpty()) { // else it is no news
                warn("vmlinux strip failed, caching unstripped: " + source + ": " + reason.problem());
            }
            Written.remove(target);
            copy("copy vmlinux to cache", source, target);
            return Optional.empty();
        }
    }

    private SortedMap<String, String> modules() throws IOException {
        if (input.choice() == Modules.NONE) {
            return Collections.emptySortedMap();
        }
        ModuleTree tree = input.modules().orElse(null);
        if (tree == null || tree.all().isEmpty()) {
            warn("no modules were found" + (tree == null ? "" : " below " + tree.top()) + ": a kernel that has its"
                    + " disk drivers and file systems as modules will not find its disks (Ubuntu has them in a package"
                    + " of their own, linux-modules-...)");
            return Collections.emptySortedMap();
        }
        try {
            return EntryModules.choose(tree, input.choice(), this::warn).writeTo(directory);
        } catch (StoreException unusable) {
            throw unusable;
        } catch (IOException failed) {
            throw failed("copy modules to cache", tree.top(), failed);
        }
    }

    private KernelMetadata metadata(Path image, Path vmlinux, SortedMap<String, String> files) throws IOException {
        StoreInput.Vmlinux source = input.vmlinux();
        KernelConfig config = input.config();
        StoredDetails jvm = new StoredDetails(
                "ktstr-jvm "
                        + Optional.ofNullable(EntryWriter.class.getPackage().getImplementationVersion())
                                .orElse("(built in place)"),
                input.image().release(),
                input.image().sha256(),
                Files.size(image),
                vmlinuxSha256,
                source == null ? null : Files.size(vmlinux),
                source == null ? null : source.buildId(),
                source == null ? null : source.keptSha256(),
                source == null
                        ? null
                        : strip.map(report -> report.kind().text()).orElse(SameKernel.NO_STRIP),
                input.choice().text(),
                input.request().packages(),
                files,
                null);
        return new KernelMetadata(
                input.version(),
                input.request().source(),
                input.image().arch(),
                input.image().imageName(),
                config == null ? null : config.hash(),
                Instant.now(environment.clock()).truncatedTo(ChronoUnit.SECONDS).toString(),
                input.request().ktstrKconfigHash().orElse(null),
                input.request().extraKconfigHash().orElse(null),
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

    static void requireUnchanged(boolean unchanged, Path source) throws StoreException {
        if (!unchanged) {
            throw new StoreException(
                    ErrorCode.SOURCE_CHANGED,
                    "storing a kernel: a file changed while it was read",
                    source,
                    "let whatever writes it (a build?) finish, and try again");
        }
    }

    /** What cannot be read back must not take the place of what can: the names of modules are as long and odd as they like. */
    private void requireReadable(byte[] metadata) throws StoreException {
        try {
            MetadataCodec.read(metadata);
            if (metadata.length <= EntryReader.MAX_METADATA) {
                return;
            }
        } catch (MetadataException unreadable) {
            throw unstorable(unreadable.reason());
        }
        throw unstorable("its metadata would have " + metadata.length + " bytes");
    }

    private StoreException unstorable(String why) {
        return new StoreException(
                ErrorCode.INPUT_UNUSABLE,
                "storing a kernel: the entry could not be read again: " + why,
                input.files().modulesDir(),
                "give modules with shorter, plainer names, or fewer of them, or none: modules=none");
    }

    private void warn(String text) {
        events.accept(new KtstrEvent.Warning(text));
    }

    private void copy(String doing, Path source, Path target) throws StoreException {
        try {
            FileCopy.copy(source, target);
        } catch (IOException failed) {
            throw failed(doing, source, failed);
        }
    }

    /** Without the path of the staging directory, which is gone when this is read. */
    private StoreException failed(String doing, Path path, IOException cause) {
        String problem = doing + ": " + FileFailures.describe(cause).replace(directory + "/", "");
        return cause instanceof KtstrException known
                ? new StoreException(known.code(), problem, path, known.remedy(), cause)
                : new StoreException(
                        ErrorCode.OS_CALL,
                        problem,
                        path,
                        "check the free space and the permissions in the cache, and store again; what was stored"
                                + " before is untouched",
                        cause);
    }
}
