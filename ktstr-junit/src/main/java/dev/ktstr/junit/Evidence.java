package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoredDetails;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.vm.RunningVm;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.function.ThrowingConsumer;

/** What is told of a test that failed: in its stack trace, and in files that JUnit is told of. For one use. */
final class Evidence {
    private static final String DIRECTORY = "ktstr";
    private static final int TAIL_LINES = 30;

    private final TestScope scope;
    private final ExtensionContext context;
    private final StringBuilder files = new StringBuilder();
    private final StringBuilder skipped = new StringBuilder();
    private final List<Exception> problems = new ArrayList<>();

    Evidence(TestScope scope, ExtensionContext context) {
        this.scope = scope;
        this.context = context;
    }

    /** Writes consoles if the test failed, and disks if that is set, into a directory that JUnit publishes. */
    void keep(List<RunningVm> machines, List<TestDisk> disks, boolean hasFailed) throws IOException {
        boolean keepsDisks = !disks.isEmpty() && isToBeKept(hasFailed);
        boolean keepsConsoles = !machines.isEmpty() && hasFailed;
        if (!keepsDisks && !keepsConsoles) {
            return;
        }
        publish(directory -> {
            if (keepsConsoles) {
                attempt("removing consoles of an earlier run", () -> clear(directory, "console-*"));
            }
            for (int i = 0; keepsConsoles && i < machines.size(); i++) {
                String console = machines.get(i).console();
                Path file = directory.resolve("console-" + (i + 1) + ".txt");
                attempt("writing " + file, () -> noteFile(Files.writeString(file, console)));
            }
            if (keepsDisks) {
                attempt("removing disks of an earlier run", () -> clear(directory, "disk-*"));
            }
            for (int i = 0; keepsDisks && i < disks.size(); i++) {
                TestDisk disk = disks.get(i);
                Path file = directory.resolve("disk-" + (i + 1) + ".img");
                attempt("keeping a disk as " + file, () -> keep(disk, file));
            }
        });
    }

    private boolean isToBeKept(boolean hasFailed) throws IOException {
        KeepDisks setting = scope.host().settings().keepDisks();
        return setting == KeepDisks.ALWAYS || (setting == KeepDisks.ON_FAILURE && hasFailed);
    }

    /** Notes the directory into which files of this scope will be put when it ends, if any will. */
    void announceFiles() throws IOException {
        if (!scope.ownMachines().isEmpty() || (!scope.ownDisks().isEmpty() && isToBeKept(true))) {
            publish(directory -> files.append("\n  files, when ")
                    .append(scope.test())
                    .append(" has ended, in ")
                    .append(directory));
        }
    }

    private void publish(ThrowingConsumer<Path> writer) {
        try {
            context.publishDirectory(DIRECTORY, writer);
        } catch (RuntimeException unpublished) {
            note("publishing the directory " + DIRECTORY, unpublished);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** What does not work out keeps nothing else from being tried, nor hides the failure of the test. */
    private void attempt(String doing, Work work) {
        try {
            work.run();
        } catch (IOException | RuntimeException failed) {
            note(doing, failed);
        }
    }

    private void note(String doing, Exception failed) {
        problems.add(failed);
        files.append("\n  not kept: ").append(doing).append(": ").append(failed);
        for (Throwable cause = failed.getCause(); cause != null; cause = cause.getCause()) {
            files.append("\n    because of ").append(cause);
        }
    }

    /** Of an earlier run: the directory of a test is the same each time. */
    private static void clear(Path directory, String names) throws IOException {
        try (DirectoryStream<Path> old = Files.newDirectoryStream(directory, names)) {
            for (Path file : old) {
                Files.delete(file);
            }
        }
    }

    private void keep(TestDisk disk, Path file) throws IOException {
        if (disk.isClosed()) {
            skipped.append("\n  not kept: the disk ").append(disk.spec()).append(": the test has closed it");
            return;
        }
        disk.keepAs(file);
        noteFile(file);
    }

    /**
     * Says what {@link #attachTo} has no failure to say it with.
     *
     * @throws TestException if files could not be kept
     */
    void tell() throws TestException {
        if (!problems.isEmpty()) {
            TestException failed = new TestException(
                    ErrorCode.OS_CALL,
                    "keeping files of " + scope.test() + ":" + files + skipped,
                    null,
                    "make room, or let this user write there; or keep no disks: -Dktstr.keepDisks=never",
                    problems.get(0));
            problems.stream().skip(1).forEach(failed::addSuppressed);
            throw failed;
        }
        if (!skipped.isEmpty()) {
            EventSink.logging().accept(new KtstrEvent.Warning("keeping files of " + scope.test() + ":" + skipped));
        }
    }

    private void noteFile(Path file) {
        files.append("\n  file ").append(file);
    }

    /** Adds what is known to an exception, if anything is. */
    void attachTo(Throwable failure) {
        StringBuilder words = new StringBuilder();
        Optional<KernelEntry> kernel = scope.heldKernel().map(KernelLease::entry);
        kernel.ifPresent(entry -> words.append("\n  kernel ").append(describe(entry)));
        List<RunningVm> machines = scope.allMachines();
        for (int i = 0; i < machines.size(); i++) {
            String number = String.valueOf(i + 1);
            RunningVm machine = machines.get(i);
            words.append(tail("the console of virtual machine " + number, machine.console()));
            words.append(tail("what its command wrote to standard output", machine.stdout()));
            words.append(tail("what its command wrote to standard error", machine.stderr()));
        }
        words.append(files).append(skipped);
        if (!words.isEmpty()) {
            failure.addSuppressed(new FailureEvidence("what ktstr knows of " + scope.test() + ":" + words));
        }
    }

    private static String describe(KernelEntry entry) {
        StoredDetails details = entry.metadata().jvm();
        String version = details == null ? entry.metadata().version() : details.release();
        return entry.key() + (version == null ? "" : ", release " + version) + ", in " + entry.directory();
    }

    /** The last lines of something; nothing if it has none. What a guest writes may be made to drive a terminal. */
    private static String tail(String what, String text) {
        List<String> lines = text.stripTrailing().lines().toList();
        if (lines.isEmpty()) {
            return "";
        }
        int from = Math.max(0, lines.size() - TAIL_LINES);
        return "\n  " + what + (from == 0 ? "" : ", the last " + TAIL_LINES + " of " + lines.size() + " lines") + ":"
                + lines.subList(from, lines.size()).stream()
                        .map(line -> "\n    " + Printable.text(line))
                        .collect(Collectors.joining());
    }
}
