package dev.ktstr.maven.doctor;

import dev.ktstr.CacheDirectory;
import dev.ktstr.Environment;
import dev.ktstr.EnvironmentException;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.PrivateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Runs every check. One use per examination. */
public final class Doctor {
    private static final int SECONDS_TO_TIDY = 10;

    private final Surroundings surroundings;
    private final Findings findings = new Findings();

    public Doctor(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /**
     * What this machine can and cannot do. Leaves nothing behind, also when the thread is interrupted or the JVM is told to end
     * meanwhile.
     */
    public Report examine() {
        Thread worker = Thread.currentThread();
        Thread tidy = new Thread(() -> end(worker), "ktstr-doctor-tidy");
        Runtime.getRuntime().addShutdownHook(tidy);
        try {
            run();
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(tidy);
            } catch (IllegalStateException ending) {
                tidy.interrupt(); // it need not wait any longer
            }
        }
        return new Report(findings.all());
    }

    /** Has the worker close what it has open, as it does when it is interrupted, before the JVM ends. */
    private static void end(Thread worker) {
        worker.interrupt();
        try {
            worker.join(SECONDS_TO_TIDY * 1000L);
        } catch (InterruptedException done) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Environment environment = surroundings.environment();
        findings.group("java", new JavaGroup(surroundings)::examine);
        findings.group("cache", all -> new CacheGroup(surroundings).examine(all));
        findings.group("leftovers", this::sweep);
        Optional<PrivateDirectory> inStore = scratch(
                "file system",
                () -> Places.nearest(DiskTemplates.open(environment).root()));
        Optional<PrivateDirectory> scratch =
                inStore.isPresent() ? inStore : scratch("temporary directory", environment::temporaryDirectory);
        try {
            inStore.map(PrivateDirectory::path).ifPresent(path -> {
                findings.group("reflink", all -> new FilesystemGroup(surroundings, path).examine(all));
                findings.group("flock", all -> new LockGroup(environment, path).examine(all));
            });
            findings.group("lock directory", all -> new LockDirectoryGroup(environment).examine(all));
            Optional<Path> directory = scratch.map(PrivateDirectory::path);
            findings.group("programs", all -> new ProgramsGroup(surroundings).examine(all, directory));
            findings.group("kernels", all -> new StoreGroup(surroundings).examine(all));
            directory.ifPresent(
                    path -> findings.group("guest", all -> new GuestGroup(surroundings, path).examine(all)));
        } finally {
            scratch.ifPresent(this::remove);
        }
        surroundings
                .build()
                .ifPresent(build -> findings.group(
                        "surefire", all -> new SurefireGroup(surroundings.mavenVersion(), build).examine(all)));
        findings.group("memory", new ResourcesGroup()::examine);
    }

    /** Says where. */
    private interface Place {
        Path directory() throws IOException;
    }

    /**
     * Removes what doctors that were killed have left where a store will be, and where temporary files are: nobody else sweeps
     * there. In a store, or a directory of its disks, it goes with the disks, by the same rule, and is named among the orphans.
     */
    private void sweep(Findings all) throws IOException {
        Environment environment = surroundings.environment();
        Set<Path> places =
                new LinkedHashSet<>(List.of(environment.temporaryDirectory().toAbsolutePath()));
        try {
            DiskTemplates templates = DiskTemplates.open(environment);
            List<Path> ofDisks =
                    List.of(templates.root(), templates.diskDirectory().toAbsolutePath());
            places.add(Places.nearest(CacheDirectory.of(environment, "kernels")));
            ofDisks.forEach(each -> places.add(Places.nearest(each)));
            ofDisks.forEach(places::remove);
        } catch (EnvironmentException noStore) {
            // Whoever needs one says so.
        }
        List<String> problems = new ArrayList<>();
        List<Path> removed = new ArrayList<>();
        for (Path place : places) {
            if (Files.isDirectory(place) && Files.isReadable(place)) {
                removed.addAll(PrivateDirectory.sweep(place, environment, event -> {
                    if (event.isWarning()) {
                        problems.add(event.message());
                    }
                }));
            }
        }
        if (!problems.isEmpty()) {
            all.add(Finding.warn("leftovers", String.join("\n", problems), List.of("# remove it by hand")));
        } else if (!removed.isEmpty()) {
            all.add(Finding.ok("leftovers", "removed what a doctor left behind that was killed: " + removed));
        }
    }

    /** For trying: in the store or where it will be. Should this process be killed, {@link #sweep} says what becomes of it. */
    private Optional<PrivateDirectory> scratch(String name, Place place) {
        try {
            return Optional.of(PrivateDirectory.create(place.directory(), surroundings.environment()));
        } catch (IOException | RuntimeException failed) {
            findings.add(Finding.fail(
                    name,
                    "not tried, because no directory could be made there: "
                            + (failed instanceof KtstrException known ? known.problem() : failed),
                    List.of("# see what is said of the cache")));
            return Optional.empty();
        }
    }

    private void remove(PrivateDirectory scratch) {
        boolean wasInterrupted = Thread.interrupted(); // or files could not be removed
        try {
            scratch.close();
        } catch (IOException failed) {
            findings.add(Finding.warn(
                    "tidying up",
                    "could not remove " + scratch.path() + ": " + failed,
                    List.of("rm -r " + Printable.shellWord(scratch.path()))));
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
