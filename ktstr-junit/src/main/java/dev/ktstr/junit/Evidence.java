package dev.ktstr.junit;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoredDetails;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.RunningVm;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What is told of a test that failed: in its stack trace, and in files that JUnit is told of. For one use. */
final class Evidence {
    private static final String DIRECTORY = "ktstr";
    private static final int TAIL_LINES = 30;

    private final TestScope scope;
    private final ExtensionContext context;
    private final StringBuilder files = new StringBuilder();

    Evidence(TestScope scope, ExtensionContext context) {
        this.scope = scope;
        this.context = context;
    }

    /** Writes consoles if the test failed, and disks if that is set, into a directory that JUnit publishes. */
    void keep(List<RunningVm> machines, List<TestDisk> disks, boolean hasFailed) {
        KeepDisks setting = scope.host().keepDisks();
        boolean keepsDisks =
                !disks.isEmpty() && (setting == KeepDisks.ALWAYS || (setting == KeepDisks.ON_FAILURE && hasFailed));
        boolean keepsConsoles = !machines.isEmpty() && hasFailed;
        if (!keepsDisks && !keepsConsoles) {
            return;
        }
        try {
            context.publishDirectory(DIRECTORY, directory -> {
                clear(directory);
                for (int i = 0; keepsConsoles && i < machines.size(); i++) {
                    String console = machines.get(i).console();
                    noteFile(Files.writeString(directory.resolve("console-" + (i + 1) + ".txt"), console));
                }
                for (int i = 0; keepsDisks && i < disks.size(); i++) {
                    noteFile(keep(disks.get(i), directory.resolve("disk-" + (i + 1) + ".img")));
                }
            });
        } catch (RuntimeException unpublished) {
            // The test's own failure must not be hidden by this one.
            files.append("\n  files could not be kept: ").append(unpublished);
        }
    }

    /** Of an earlier run: the directory of a test is the same each time. */
    private static void clear(Path directory) throws IOException {
        try (DirectoryStream<Path> old = Files.newDirectoryStream(directory, "{console,disk}-*")) {
            for (Path file : old) {
                Files.delete(file);
            }
        }
    }

    private static Path keep(TestDisk disk, Path file) throws IOException {
        disk.keepAs(file);
        return file;
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
            words.append(tail(i + 1, machines.get(i).console()));
        }
        words.append(files);
        if (!words.isEmpty()) {
            failure.addSuppressed(new FailureEvidence("what ktstr knows of " + scope.test() + ":" + words));
        }
    }

    private static String describe(KernelEntry entry) {
        StoredDetails details = entry.metadata().jvm();
        String version = details == null ? entry.metadata().version() : details.release();
        return entry.key() + (version == null ? "" : ", release " + version) + ", in " + entry.directory();
    }

    private static String tail(int number, String console) {
        if (console.isBlank()) {
            return "\n  virtual machine " + number + " has written nothing to its console";
        }
        List<String> lines = console.stripTrailing().lines().toList();
        int from = Math.max(0, lines.size() - TAIL_LINES);
        return "\n  the console of virtual machine " + number
                + (from == 0 ? "" : ", the last " + TAIL_LINES + " of " + lines.size() + " lines") + ":\n    "
                + String.join("\n    ", lines.subList(from, lines.size()));
    }
}
