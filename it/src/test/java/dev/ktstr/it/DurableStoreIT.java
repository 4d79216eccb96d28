package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store asks of the kernel, and in which order: nothing is made visible before it is on the disk. */
@Tag("kernel")
@Tag("strace")
class DurableStoreIT {
    private static final Pattern SYNC = Pattern.compile("\\bfsync\\(\\d+<([^>]+)>");
    private static final Pattern RENAME = Pattern.compile("\\brename(?:at2)?\\(.*\"([^\"]+)\".*\"([^\"]+)\"");

    @Test
    void everythingIsForcedToDiskBeforeTheRenameAndTheRootAfterIt(@TempDir Path directory) throws Exception {
        List<String> calls = trace(directory, directory.resolve("new/kernels"));

        Path root = directory.resolve("new/kernels");
        int rename = calls.indexOf("rename " + root.resolve("durable"));
        assertThat(rename).as("%s", calls).isPositive();
        List<String> before = calls.subList(0, rename);
        String staging = before.stream()
                .filter(call -> call.matches("sync .*/\\.tmp-durable-\\d+\\.[0-9a-f]{8}"))
                .findFirst()
                .orElseThrow()
                .substring("sync ".length());
        List<String> files = List.of("bzImage", "config", "metadata.json", "vmlinux").stream()
                .map(name -> "sync " + staging + "/" + name)
                .toList();
        List<String> directories = List.of(
                "sync " + staging,
                "sync " + root.resolve(".locks"),
                "sync " + root,
                "sync " + directory.resolve("new"),
                "sync " + directory);
        assertThat(before.subList(0, files.size())).containsExactlyInAnyOrderElementsOf(files);
        assertThat(before.subList(files.size(), before.size())).containsExactlyElementsOf(directories);
        assertThat(calls.subList(rename + 1, calls.size())).first().isEqualTo("sync " + root);
    }

    @Test
    void aReplaceExchangesAndAStoreOfTheSameForcesTheRoot(@TempDir Path directory) throws Exception {
        Path root = directory.resolve("kernels");
        trace(directory, root);
        assertThat(trace(directory, root)).containsExactly("sync " + directory, "sync " + root);

        Files.writeString(root.resolve("durable/metadata.json"), "{"); // no usable entry any more
        List<String> calls = trace(directory, root);
        int exchange = calls.indexOf("rename " + root.resolve("durable"));
        assertThat(calls.subList(exchange, calls.size()))
                .containsExactly("rename " + root.resolve("durable"), "sync " + root);
    }

    /** The fsyncs (of which path) and renames (to which path) of one store, in order. */
    private static List<String> trace(Path directory, Path root) throws Exception {
        RealKernel kernel = RealKernel.require();
        Commands.requireProgram("strace");
        Path trace = directory.resolve("trace");
        List<String> command = new ArrayList<>(List.of(
                "strace",
                "-f",
                "-qq",
                "-y",
                "-s",
                "4096",
                "-e",
                "trace=fsync,fdatasync,rename,renameat,renameat2",
                "-o",
                trace.toString()));
        command.addAll(Commands.jvm(StoreMain.class, StoreMain.arguments(root, "durable", kernel)));
        Process process = Commands.start(command);
        StoreMain.go(process);
        assertThat(Commands.finish(process)).containsPattern("STORED|REPLACED").doesNotContain("Exception");
        List<String> calls = new ArrayList<>();
        for (String line : Files.readAllLines(trace)) {
            Matcher sync = SYNC.matcher(line);
            Matcher rename = RENAME.matcher(line);
            if (sync.find()) {
                calls.add("sync " + sync.group(1));
            } else if (rename.find()) {
                calls.add("rename " + rename.group(2));
            }
        }
        return calls;
    }
}
