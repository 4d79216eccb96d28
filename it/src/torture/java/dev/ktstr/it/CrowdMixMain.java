package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.disk.DiskTemplates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A process that uses a store of kernels and disks at random until its input ends, with a thread that reads all the time.
 * Kills another process now and then. Prints what it has done every few moments, because it may be killed itself.
 */
final class CrowdMixMain {
    private static final int TELL_EVERY = 50; // milliseconds

    private final Path root;
    private final Random random;
    private final Tally tally = new Tally();
    private volatile boolean isOver;

    private CrowdMixMain(Path root, long seed) {
        this.root = root;
        this.random = new Random(seed);
    }

    /** Arguments: templates of boot image and vmlinux, store, scratch directory, seed, steps from kill to kill, keys. */
    public static void main(String[] arguments) throws Exception {
        MarkedKernel kernel = new MarkedKernel(Path.of(arguments[0]), Path.of(arguments[1]));
        Path scratch = Path.of(arguments[3]);
        int stepsFromKillToKill = Integer.parseInt(arguments[5]);
        List<String> keys = List.of(arguments).subList(6, arguments.length);

        CrowdMixMain member = new CrowdMixMain(Path.of(arguments[2]), Long.parseLong(arguments[4]));
        Mix reader = member.mix(kernel, scratch, keys, Mix.Mode.READING);
        Mix mix = member.mix(kernel, scratch, keys, Mix.Mode.STRICT);
        DiskMix disks = new DiskMix(DiskTemplates.at(member.root), member.random(), member.tally);
        Random dice = member.random();
        member.inBackground(member::awaitEnd);
        member.inBackground(member::tell);
        member.inBackground(() -> member.read(reader));
        while (!member.isOver) {
            if (dice.nextInt(stepsFromKillToKill) == 0) {
                member.kill(dice);
            }
            if (dice.nextInt(5) == 0) {
                disks.step();
            } else {
                mix.step();
            }
        }
        member.print();
        System.exit(0); // the others may be in the middle of something
    }

    private interface Work {
        void run() throws Exception;
    }

    /** What goes wrong in the background goes wrong for the process. */
    private void inBackground(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception | AssertionError failed) {
                failed.printStackTrace(System.out);
                System.exit(1);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private Random random() {
        return new Random(random.nextLong());
    }

    private Mix mix(MarkedKernel kernel, Path scratch, List<String> keys, Mix.Mode mode) throws IOException {
        KernelCache cache = KernelCache.at(root).withEvents(event -> MixMain.count(event, tally));
        Path own = Files.createTempDirectory(scratch, "mix");
        return new Mix(cache, kernel, own, keys, mode, random(), tally);
    }

    private void awaitEnd() throws IOException {
        while (System.in.read() >= 0) {
            // nothing is to be said
        }
        isOver = true;
    }

    private void read(Mix reader) throws Exception {
        while (!isOver) {
            reader.step();
        }
    }

    private void tell() throws InterruptedException {
        while (true) {
            TimeUnit.MILLISECONDS.sleep(TELL_EVERY);
            print();
        }
    }

    private void print() {
        synchronized (System.out) {
            System.out.print(tally.take());
            System.out.flush();
        }
    }

    private void kill(Random dice) throws IOException {
        List<ProcessHandle> others = others();
        if (!others.isEmpty()) {
            others.get(dice.nextInt(others.size())).destroyForcibly();
        }
    }

    /** Those of the crowd that can be seen here: all of them outside of a pid namespace, those inside in one. */
    private List<ProcessHandle> others() throws IOException {
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : all) {
                long pid = Long.parseLong(process.getFileName().toString());
                if (pid != ProcessHandle.current().pid()) {
                    ProcessHandle.of(pid).filter(this::isOfTheCrowd).ifPresent(found::add);
                }
            }
        }
        return found;
    }

    private boolean isOfTheCrowd(ProcessHandle process) {
        List<String> words = commandLine(process);
        String program = words.get(0);
        return words.contains(root.toString())
                && (program.endsWith("/peer")
                        || (program.endsWith("java")
                                && words.contains(CrowdMixMain.class.getName())
                                && !isBeingStartedByAMember(process, words)));
    }

    /** What a JVM starts has the command line of the JVM for a moment: formatters are none of the crowd. */
    private static boolean isBeingStartedByAMember(ProcessHandle process, List<String> words) {
        return process.parent()
                .filter(parent -> commandLine(parent).equals(words))
                .isPresent();
    }

    private static List<String> commandLine(ProcessHandle process) {
        try {
            return List.of(Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .split("\0", -1));
        } catch (IOException gone) {
            return List.of("");
        }
    }
}
