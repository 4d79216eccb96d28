package dev.ktstr.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said, and what is left, when the kernel refuses one system call in the middle. */
@Tag("gcc")
@Tag("strace")
class FailedCallsIT {
    private static final String GENERATION = "0".repeat(MarkedKernel.DIGITS);
    private static final String OTHER = "1".repeat(MarkedKernel.DIGITS);

    @TempDir
    Path directory;

    private MarkedKernel kernel;
    private KernelCache cache;

    @BeforeEach
    void prepare() throws Exception {
        Commands.requireProgram("strace");
        kernel = MarkedKernel.make(directory);
        cache = KernelCache.at(Files.createDirectory(directory.resolve("kernels")));
    }

    @Test
    void whoRunsOutOfSpaceWhileAVmlinuxIsStrippedIsToldWhatToDo() throws Exception {
        RealKernel files = files(GENERATION);

        assertThat(run(
                        List.of("pwrite64:error=ENOSPC:when=1"),
                        StoreMain.class,
                        StoreMain.arguments(cache.root(), "k", files)))
                .contains("KT-OS-01  write the files of the entry", "No space left on device")
                .contains("check the free space");
        assertThat(names()).containsExactly(".locks");
    }

    @Test
    void aRemovalThatCannotBeForcedToDiskIsTakenBack() throws Exception {
        cache.store(kernel.request(GENERATION, directory).key("k").build());

        assertThat(run(
                        List.of("fsync:error=EIO:when=1"),
                        CleanMain.class,
                        cache.root().toString()))
                .contains("failed k KT-OS-01  fsync " + cache.root())
                .doesNotContain("somebody else");
        assertThat(cache.verify("k").problems()).isEmpty();
    }

    /** That of the store itself comes last; the old entry was deleted then, whatever came of the new one. */
    @Test
    void aReplacementThatCannotBeForcedToDiskIsTakenBack() throws Exception {
        KernelEntry old = cache.store(
                        kernel.request(GENERATION, directory).key("k").build())
                .entry();
        RealKernel other = files(OTHER);

        String root = cache.root().toString();
        assertThat(run(
                        List.of("-P", root),
                        List.of("fsync:error=EIO"),
                        StoreMain.class,
                        StoreMain.arguments(cache.root(), "k", other)))
                .contains("fsync " + root);
        assertThat(cache.verify("k").problems()).isEmpty();
        assertThat(MarkedKernel.generation(cache.lookup("k").orElseThrow())).isEqualTo(GENERATION);
        assertThat(names()).containsExactlyInAnyOrder(".locks", "k");
        assertThat(old.image()).exists();
    }

    /** To take that back, too, would leave none. */
    @Test
    void aReplacementInPlaceThatCannotBeForcedToDiskStays() throws Exception {
        cache.store(kernel.request(GENERATION, directory).key("k").build());
        String[] store = StoreMain.arguments(cache.root(), "k", files(OTHER));
        String inPlace = "renameat2:error=EXDEV:when=1";
        run(List.of(inPlace, "fsync:delay_enter=1"), StoreMain.class, store);
        cache.store(kernel.request(GENERATION, directory).key("k").build());
        List<String> threads = Files.readAllLines(directory.resolve("trace")).stream()
                .filter(line -> line.contains("fsync("))
                .map(line -> line.replaceFirst(" .*", ""))
                .toList();
        int fsyncs = Collections.frequency(threads, threads.get(threads.size() - 1)); // strace counts for each thread
        files(OTHER);

        assertThat(run(List.of(inPlace, "fsync:error=EIO:when=" + fsyncs), StoreMain.class, store))
                .contains("fsync " + cache.root());
        assertThat(cache.verify("k").problems()).isEmpty();
        assertThat(cache.lookup("k").orElseThrow().image()).content(ISO_8859_1).contains(OTHER);
    }

    @Test
    void anEntryWhoseFilesCannotBeDeletedAtOnceIsRemovedAllTheSame() throws Exception {
        cache.store(kernel.request(GENERATION, directory).key("k").build());

        assertThat(run(
                        List.of("unlinkat:error=EBUSY:when=1"),
                        CleanMain.class,
                        cache.root().toString()))
                .contains("could not remove " + cache.root().resolve(".tmp-k-"), "removed k")
                .doesNotContain("somebody else");
        assertThat(names()).containsExactly(".locks");
    }

    /** The entry has been removed by then, and the lock goes with its descriptor. */
    @Test
    void aLockThatCannotBeGivenBackIsNoFailedRemoval() throws Exception {
        cache.store(kernel.request(GENERATION, directory).key("k").build());

        assertThat(run(
                        List.of("flock:error=EIO:when=2"),
                        CleanMain.class,
                        cache.root().toString()))
                .contains("removed k")
                .doesNotContain("failed", "skipped");
    }

    /** Where an entry cannot be moved it is gone by then; but not for good, and nobody else was there. */
    @Test
    void aRemovalInPlaceThatCannotBeForcedToDiskHasFailed() throws Exception {
        cache.store(kernel.request(GENERATION, directory).key("k").build());

        assertThat(run(
                        List.of("rename:error=EXDEV:when=1", "fsync:error=EIO:when=2"),
                        CleanMain.class,
                        cache.root().toString()))
                .contains("failed k KT-OS-01  fsync " + cache.root())
                .doesNotContain("skipped");
    }

    /** A directory above the store that cannot be read is passed over; but not one that can, and cannot be forced to disk. */
    @Test
    void whatIsThereAndCannotBeForcedToDiskIsNotCalledStored() throws Exception {
        RealKernel files = files(GENERATION);
        cache.store(files.request().key("k").build());

        assertThat(run(
                        List.of("fsync:error=EACCES:when=1"),
                        StoreMain.class,
                        StoreMain.arguments(cache.root(), "k", files)))
                .contains("KT-OS-01  fsync " + directory)
                .doesNotContain("ALREADY_STORED");
    }

    /** What a process says some of whose calls fail. */
    private String run(List<String> failures, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        return run(List.of(), failures, main, arguments);
    }

    private String run(List<String> options, List<String> failures, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o"));
        command.add(directory.resolve("trace").toString());
        command.addAll(options);
        for (String failure : failures) {
            command.addAll(List.of("-e", "inject=" + failure));
        }
        String calls = failures.stream()
                .map(failure -> failure.substring(0, failure.indexOf(':')))
                .collect(Collectors.joining(","));
        command.addAll(List.of("-e", "trace=" + calls));
        command.addAll(Commands.jvm(main, arguments));
        Process process = Commands.start(command);
        StoreMain.go(process);
        String said = Commands.finish(process);
        assertThat(directory.resolve("trace")).content().contains("(INJECTED)");
        return said;
    }

    /** Of a generation; in place of those of an earlier one. */
    private RealKernel files(String generation) throws IOException {
        kernel.request(generation, directory);
        return new RealKernel(
                directory.resolve("marked-vmlinuz"),
                directory.resolve("marked-vmlinux"),
                Files.writeString(directory.resolve("config"), "# a configuration\n"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(cache.root())) {
            return all.map(path -> path.getFileName().toString()).toList();
        }
    }
}
