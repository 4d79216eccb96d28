package dev.ktstr.disk;

import dev.ktstr.CacheDirectory;
import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.ErrorCode;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.Holes;
import dev.ktstr.publish.CleanReport;
import dev.ktstr.publish.EntryCleaner;
import dev.ktstr.publish.EntryLock;
import dev.ktstr.publish.EntryRoot;
import dev.ktstr.publish.Staging;
import dev.ktstr.publish.TemplateNames;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The store of disk templates, and where test disks come from. Any number of processes may use one at the same time.
 * Opening it touches nothing. Immutable, safe for use by several threads.
 */
public final class DiskTemplates {
    private static final Duration FORMAT_TIMEOUT = Duration.ofMinutes(10);
    private static final String ADVICE =
            "another process formats this template: wait for it, or end it (the lock goes with its process)";

    private final TemplateFamily family = new TemplateFamily();
    private final EntryRoot root;
    private final Environment environment;
    private final TemplateFormatter formatter;
    private final EventSink events;
    private final DiskFiles files;
    private final DiskCloner cloner;

    private DiskTemplates(Path directory, Environment environment, TemplateFormatter formatter, EventSink events) {
        this.root = new EntryRoot(directory, family, environment, events);
        this.environment = environment;
        this.formatter = formatter;
        this.events = events;
        this.files = new DiskFiles(directory, environment);
        this.cloner = new DiskCloner(environment, events);
    }

    private DiskTemplates(DiskTemplates other, String test) {
        this.root = other.root.forTest(test);
        this.environment = other.environment;
        this.formatter = other.formatter;
        this.events = other.events;
        this.files = other.files;
        this.cloner = other.cloner;
    }

    /**
     * The store that the environment names: {@code KTSTR_CACHE_DIR}, else {@code $XDG_CACHE_HOME/ktstr/disk_templates}, else
     * {@code $HOME/.cache/ktstr/disk_templates}. Templates are formatted by this machine's mkfs.
     *
     * @throws EnvironmentException if the variable that decides is unusable
     */
    public static DiskTemplates open(Environment environment) throws EnvironmentException {
        return open(environment, new HostFormatter(environment));
    }

    /** As {@link #open(Environment)}, with a formatter of one's own. */
    public static DiskTemplates open(Environment environment, TemplateFormatter formatter) throws EnvironmentException {
        return new DiskTemplates(
                CacheDirectory.of(environment, "disk_templates"), environment, formatter, EventSink.logging());
    }

    /** The store in a directory, in this process's environment. */
    public static DiskTemplates at(Path directory) {
        return at(directory, Environment.system());
    }

    /** The store in a directory. */
    public static DiskTemplates at(Path directory, Environment environment) {
        return new DiskTemplates(
                directory.toAbsolutePath(), environment, new HostFormatter(environment), EventSink.logging());
    }

    /** The same store, telling another sink what it does. */
    public DiskTemplates withEvents(EventSink sink) {
        return new DiskTemplates(root.path(), environment, formatter, sink);
    }

    /** The same store, with templates formatted in another way. */
    public DiskTemplates withFormatter(TemplateFormatter other) {
        return new DiskTemplates(root.path(), environment, other, events);
    }

    /** The same store, used by a test: whoever waits for what it holds is told its name. */
    public DiskTemplates forTest(String test) {
        return new DiskTemplates(this, test);
    }

    /** The directory, absolute; it may not be there yet. */
    public Path root() {
        return root.path();
    }

    /**
     * Makes sure that there is a template. Of several processes that want the same one at once, one formats it.
     *
     * @throws DiskException if it cannot be formatted; a raw disk has no template
     * @throws dev.ktstr.lock.LockTimeoutException if somebody else formats it for longer than ten minutes
     */
    public Template ensure(DiskSpec spec) throws IOException {
        if (spec.filesystem() == Filesystem.RAW) {
            throw new DiskException(
                    ErrorCode.DISK_SPEC,
                    "making a template: a raw disk (Filesystem.RAW) is not formatted, and has none",
                    null,
                    "make the disk itself (newDisk), or choose btrfs, xfs or ext4");
        }
        String key = key(spec);
        try {
            return isUsable(key, spec) ? template(key) : format(key, spec);
        } catch (FileSystemException failed) {
            throw DiskException.ofTheDisk("making a template (" + spec + ")", failed, root.path());
        }
    }

    /**
     * Makes a disk, from a template where the file system has one.
     *
     * @throws DiskException if it cannot be made as the spec says
     */
    public TestDisk newDisk(DiskSpec spec) throws IOException {
        Path directory = files.directory(); // before the work, in case that no disk can be made there
        try {
            if (spec.filesystem() == Filesystem.RAW) {
                return files.make(spec, directory, file -> {
                    DiskFiles.resize(file, spec, directory);
                    return CloneKind.EMPTY;
                });
            }
            while (true) {
                Optional<TestDisk> disk = tryClone(template(key(spec)), spec, directory);
                if (disk.isPresent()) {
                    return disk.get();
                }
                ensure(spec);
            }
        } catch (FileSystemException failed) {
            throw files.unwritable(directory, FileFailures.describe(failed), failed);
        }
    }

    /**
     * Empty if there is no usable template. Opened before it is locked, so that nothing is made where there is none; and one that
     * is removed or replaced in between can still be read.
     */
    private Optional<TestDisk> tryClone(Template template, DiskSpec spec, Path directory) throws IOException {
        try (Fd image = Superblock.open(template.image()).orElse(null)) {
            if (image == null
                    || Superblock.problem(image, spec.filesystem(), spec.size()).isPresent()) {
                return Optional.empty();
            }
            return Optional.of(clone(template, image, spec, directory));
        }
    }

    private TestDisk clone(Template template, Fd image, DiskSpec spec, Path directory) throws IOException {
        try (LockGuard held = root.lockBriefly(template.key(), FORMAT_TIMEOUT, ADVICE)) {
            return files.make(spec, directory, file -> cloner.clone(image, file, spec, template.image(), directory));
        }
    }

    private Template format(String key, DiskSpec spec) throws IOException {
        try (EntryLock lock = root.lockForWriting(key, FORMAT_TIMEOUT, ADVICE)) {
            if (isUsable(key, spec)) {
                lock.settle();
                return template(key);
            }
            sweep();
            try (Staging staging = lock.stage()) {
                Path inFlight = root.path().resolve(family.inFlightName(key, environment.randomSuffix()));
                try {
                    format(inFlight, spec);
                    staging.take(inFlight, TemplateFamily.IMAGE);
                } catch (IOException | RuntimeException failed) {
                    deleteSuppressed(inFlight, failed); // or the next formatter does, once this one's lock is free
                    throw failed;
                }
                staging.publish();
            }
            return template(key);
        }
    }

    /** By its descriptor: whoever may write to the store could put a link in its place, and have another file formatted. */
    private void format(Path inFlight, DiskSpec spec) throws IOException {
        try (Fd image = Fd.createNew(inFlight)) {
            DiskFiles.resize(image, spec, root.path());
            formatter.format(image.procPath().orElse(inFlight), spec);
            check(image, spec);
            Holes.dig(image, spec.size());
        }
    }

    private static void check(Fd image, DiskSpec spec) throws IOException {
        Optional<String> problem = Superblock.problem(image, spec.filesystem(), spec.size());
        if (problem.isPresent()) {
            throw new DiskException(
                    ErrorCode.FORMATTER_FAILED,
                    "formatting a disk (" + spec + "): the formatter said that all went well, but " + problem.get(),
                    null,
                    "see which " + spec.filesystem().program() + " comes first on the PATH, and try it by hand");
        }
    }

    /** Every template, by key. Takes no lock. */
    public List<ListedTemplate> list() throws IOException {
        return new TemplateList(root.path()).read();
    }

    /**
     * Removes every template that nobody formats or clones from at this moment, usable or not, and debris of formatters and
     * disks whose processes have ended. One that is held is skipped. Disks that were cloned from a template stay.
     *
     * @param dryRun whether only to say which templates would go; nothing is touched then, debris neither
     */
    public CleanReport clean(boolean dryRun) throws IOException {
        EntryCleaner cleaner = new EntryCleaner(root, environment, dryRun);
        for (String key : new TemplateList(root.path()).keys()) {
            cleaner.remove(key, () -> true); // it has no generations: whatever has that key by now is to go
        }
        return cleaner.report(dryRun ? 0 : sweep());
    }

    /**
     * What formatters and disks have left behind whose processes have ended, which {@link #clean} removes besides templates, and
     * so does the next formatting. Removes nothing; locks are taken shared for an instant, to see whether anybody else holds them.
     */
    public List<Path> orphans() throws IOException {
        List<Path> orphans = new ArrayList<>(root.debris());
        orphans.addAll(new TemplateSweep(root.path(), environment, events).orphans());
        Path disks = files.chosen();
        if (!disks.equals(root.path())) {
            orphans.addAll(new TemplateSweep(disks, environment, events).orphans());
        }
        return orphans;
    }

    /** Where test disks are made: {@code KTSTR_DISK_DIR}, else beside the templates. It may not be there yet. */
    public Path diskDirectory() throws IOException {
        return files.chosen();
    }

    /** The lock file of every template that has one, held or not. Takes none of them. */
    public List<ListedLock> locks(LockSurvey survey) throws IOException {
        return root.locks(survey).stream()
                .filter(lock -> TemplateNames.isEntry(lock.name()))
                .toList();
    }

    private static void deleteSuppressed(Path file, Exception failure) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException alsoFailed) {
            failure.addSuppressed(alsoFailed);
        }
    }

    /** Removes debris of formatters and disks whose processes have ended, and says how much. */
    private int sweep() throws IOException {
        int swept = root.sweep() + new TemplateSweep(root.path(), environment, events).run();
        Path disks = files.chosen();
        return disks.equals(root.path()) ? swept : swept + new TemplateSweep(disks, environment, events).run();
    }

    /** Without the formatter any template of such a disk will do: what a missing program would make is not the question. */
    private String key(DiskSpec spec) throws IOException {
        try {
            return DiskKey.of(spec, formatter.fingerprint(spec.filesystem()));
        } catch (DiskException missing) {
            Optional<String> any = new TemplateList(root.path()).newestOf(spec);
            if (any.isEmpty()) {
                throw missing;
            }
            if (environment.firstTime("no formatter for " + any.get())) {
                events.accept(new KtstrEvent.Warning("using the template " + any.get() + ", because "
                        + spec.filesystem().program() + " is missing: " + missing.remedy()));
            }
            return any.get();
        }
    }

    private boolean isUsable(String key, DiskSpec spec) throws IOException {
        return Superblock.problem(template(key).image(), spec.filesystem(), spec.size())
                .isEmpty();
    }

    private Template template(String key) {
        return new Template(key, root.entry(key).resolve(TemplateFamily.IMAGE));
    }
}
