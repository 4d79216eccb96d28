package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a virtual machine could leave behind: files in the cache and the directory for temporary ones, descriptors and child
 * processes of this JVM, loop devices, a lock. Remembers what is there before.
 *
 * @param open what the descriptors of this JVM are open on, sorted; those of the JVM itself come and go, and are left out
 */
record Leftovers(VmFixture fixture, Path temporary, List<String> files, List<String> open) {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    static Leftovers before(VmFixture fixture, Path temporary) throws IOException {
        return new Leftovers(fixture, temporary, files(fixture, temporary), open(fixture));
    }

    /** Of a process that has just been killed the kernel may still be busy with the rest. */
    void assertNone() throws Exception {
        assertNoneBut();
    }

    /** @param expected what may be left: words from it */
    void assertNoneBut(String... expected) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<String> left = describe(expected);
        while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(20);
            left = describe(expected);
        }
        assertThat(left).as("left behind").isEmpty();
    }

    private List<String> describe(String... expected) throws IOException, InterruptedException {
        Stream<String> newFiles = files(fixture, temporary).stream().filter(each -> !files.contains(each));
        List<String> now = open(fixture);
        Stream<String> descriptors = now.size() > open.size() ? Stream.of(open + " became " + now) : Stream.empty();
        Stream<String> children = ProcessHandle.current()
                .descendants()
                .filter(child -> isQemu(child.pid()))
                .map(child -> "process " + child.pid());
        Stream<String> loops =
                Commands.run("losetup", "-a").lines().filter(line -> line.contains(temporary.toString()));
        return Stream.of(newFiles, descriptors, children, loops, lock())
                .flatMap(each -> each)
                .filter(each -> Stream.of(expected).noneMatch(each::contains))
                .toList();
    }

    private Stream<String> lock() throws IOException, InterruptedException {
        return isFree(fixture.lockFile(), "--exclusive")
                ? Stream.empty()
                : Stream.of("a lock on " + fixture.lockFile());
    }

    /** @param mode as flock(1) calls it */
    static boolean isFree(Path lockFile, String mode) throws IOException, InterruptedException {
        return new ProcessBuilder("flock", "--nonblock", mode, lockFile.toString(), "true")
                        .inheritIO() // no pipes, which would be counted the next time
                        .start()
                        .waitFor()
                == 0;
    }

    /** Not one that has ended, and that nobody has waited for yet: it has no command line any more. */
    static boolean isQemu(long pid) {
        try {
            return VmFixture.commandLine(pid).get(0).contains("qemu-system");
        } catch (IOException gone) {
            return false;
        }
    }

    private static List<String> files(VmFixture fixture, Path temporary) throws IOException {
        TreeSet<String> all = new TreeSet<>();
        for (Path directory : List.of(fixture.cache().root(), temporary)) {
            try (Stream<Path> found = Files.walk(directory)) {
                found.map(Path::toString)
                        .filter(file -> !file.endsWith(
                                ".lock")) // they stay for ever, and so do the directories of their holders
                        .forEach(all::add);
            }
        }
        return List.copyOf(all);
    }

    private static List<String> open(VmFixture fixture) throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.map(Leftovers::target)
                    .filter(target -> target.startsWith("pipe:")
                            || target.endsWith(" (deleted)")
                            || target.startsWith(fixture.cache().root().toString()))
                    .sorted()
                    .toList();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException gone) {
            return "";
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }
}
