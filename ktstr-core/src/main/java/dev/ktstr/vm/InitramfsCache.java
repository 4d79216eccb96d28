package dev.ktstr.vm;

import dev.ktstr.CacheDirectory;
import dev.ktstr.Environment;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Closer;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileClone;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Filesystems;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where archives are kept that many machines begin with, each under the first 16 hex digits of its own SHA-256. One that has not
 * been used for a month is removed when another is added: nobody has it open for longer than a copy takes.
 */
final class InitramfsCache {
    private static final int NAME_DIGITS = 16;
    private static final int BUFFER = 1 << 16;
    private static final String SUFFIX = ".cpio";
    private static final Duration KEPT = Duration.ofDays(30);

    private final Path root;
    private final Environment environment;
    private final EventSink events;

    InitramfsCache(Environment environment, EventSink events) throws IOException {
        this.root = root(environment);
        this.environment = environment;
        this.events = events;
    }

    /** Where it is: a directory of its own also where all families share a root. */
    static Path root(Environment environment) throws IOException {
        Path directory = CacheDirectory.of(environment, "initramfs");
        return environment.variable("KTSTR_CACHE_DIR").isPresent() ? directory.resolve(".initramfs") : directory;
    }

    /** Writes an archive: the same bytes whenever it is asked. */
    interface Source {
        void writeTo(OutputStream out) throws IOException;
    }

    /** An archive, as far as it is known without looking at it. */
    private record Sum(String name, long size) {}

    /** What has been summed up in this process, by what it was made from. */
    private static final class Memo {
        private final Map<List<FileStat>, Sum> bySources = new ConcurrentHashMap<>();
        private final Set<FileStat> whole = ConcurrentHashMap.newKeySet();
    }

    /**
     * A copy of the archive, in a file without a name that can be written to. On a file system that can, it shares its blocks.
     *
     * @param madeFrom what the archive changes with
     */
    Fd copyOf(List<Path> madeFrom, Source source) throws IOException {
        List<FileStat> sources = new ArrayList<>();
        for (Path each : madeFrom) {
            sources.add(FileStat.of(each).orElseThrow(() -> new NoSuchFileException(each.toString())));
        }
        Map<List<FileStat>, Sum> known = environment.remembered(Memo.class, Memo::new).bySources;
        Sum sum = known.get(sources);
        if (sum == null) {
            sum = sum(source);
            known.put(sources, sum);
        }
        try {
            Files.createDirectories(root);
            return copy(sum, source);
        } catch (ClosedByInterruptException interrupted) {
            throw interrupted;
        } catch (IOException cannotBeKept) {
            if (environment.firstTime("no initramfs cache: " + root)) {
                events.accept(new KtstrEvent.Warning(
                        "what virtual machines start with is made anew for each, because it cannot" + " be kept in "
                                + root + ": " + cannotBeKept.getMessage()));
            }
            return write(environment.temporaryDirectory(), source, cannotBeKept);
        }
    }

    private Fd copy(Sum sum, Source source) throws IOException {
        Path kept = root.resolve(sum.name() + SUFFIX);
        try (Closer closer = new Closer();
                Fd archive = keep(kept, sum, source)) {
            Fd copy = nameless(root);
            closer.add(copy::close);
            if (FileClone.share(archive, copy).isPresent()) {
                FileClone.copySparse(archive, copy, sum.size());
            }
            closer.keep();
            return copy;
        }
    }

    /** Straight into its place, where nothing can be kept: a full disk, or one that is read-only. */
    private Fd write(Path directory, Source source, IOException reason) throws IOException {
        try (Closer closer = new Closer()) {
            Fd file = nameless(directory);
            closer.add(file::close);
            try (OutputStream out = open(file)) {
                source.writeTo(out);
            }
            closer.keep();
            return file;
        } catch (IOException alsoFailed) {
            alsoFailed.addSuppressed(reason);
            throw alsoFailed;
        }
    }

    private Fd keep(Path kept, Sum sum, Source source) throws IOException {
        Optional<Fd> present = Fd.openIfPresent(kept);
        if (present.isPresent() && isWhole(present.get(), sum)) {
            touch(kept);
            return present.get();
        }
        if (present.isPresent()) {
            present.get().close();
        }
        Path next = root.resolve(".tmp-" + kept.getFileName() + "-" + environment.randomSuffix());
        try (Fd file = Fd.createNew(next)) {
            try (OutputStream out = open(file)) { // by its name it may be another one by now
                source.writeTo(out);
            }
            file.fsync();
            Filesystems.rename(next, kept);
        } finally {
            Files.deleteIfExists(next);
        }
        removeUnused();
        return Fd.openForReading(kept);
    }

    /** Looked at once in a process: who shares the cache might have put something else there. */
    private boolean isWhole(Fd archive, Sum sum) throws IOException {
        FileStat now = archive.stat();
        Set<FileStat> known = environment.remembered(Memo.class, Memo::new).whole;
        if (now.size() != sum.size()) {
            return false;
        }
        if (known.stream().anyMatch(now::isSameFile)) {
            return true;
        }
        MessageDigest digest = sha256();
        byte[] buffer = new byte[BUFFER];
        int count;
        for (long at = 0; (count = archive.read(buffer, at)) > 0; at += count) {
            digest.update(buffer, 0, count);
        }
        return name(digest).equals(sum.name()) && known.add(now);
    }

    private Fd nameless(Path directory) throws IOException {
        Optional<Fd> file = Fd.createNameless(directory);
        if (file.isPresent()) {
            return file.get();
        }
        Path name = directory.resolve(".tmp-ktstr-" + environment.randomSuffix());
        Fd created = Fd.createNew(name);
        Files.deleteIfExists(name);
        return created;
    }

    /** Also what a process left behind that was killed while it wrote. Others may do the same at this moment. */
    private void removeUnused() throws IOException {
        Instant limit = environment.clock().instant().minus(KEPT);
        try (DirectoryStream<Path> all = Files.newDirectoryStream(root, "{*" + SUFFIX + ",.tmp-*}")) {
            for (Path each : all) {
                removeIfOlder(each, limit);
            }
        }
    }

    private static void removeIfOlder(Path file, Instant limit) {
        try {
            if (Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
                Files.deleteIfExists(file);
            }
        } catch (IOException goneOrNotOurs) {
            return;
        }
    }

    private void touch(Path kept) {
        try {
            Files.setLastModifiedTime(kept, FileTime.from(environment.clock().instant()));
        } catch (IOException notOurs) {
            // Whoever shares the cache and may write to it keeps it fresh.
            return;
        }
    }

    static OutputStream open(Fd file) throws IOException {
        return new BufferedOutputStream(Files.newOutputStream(Launcher.procPath(file), StandardOpenOption.APPEND));
    }

    private static Sum sum(Source source) throws IOException {
        MessageDigest digest = sha256();
        long[] size = {0};
        try (OutputStream counting = new BufferedOutputStream(new FilterOutputStream(OutputStream.nullOutputStream()) {
            @Override
            public void write(byte[] bytes, int from, int count) {
                digest.update(bytes, from, count);
                size[0] += count;
            }
        })) {
            source.writeTo(counting);
        }
        return new Sum(name(digest), size[0]);
    }

    private static String name(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).substring(0, NAME_DIGITS);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
