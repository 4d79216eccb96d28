package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.vm.RunningVm;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Our launcher and QEMU alone. Both boot the same kernel with the same initial file system and the same words on the
 * command line, run {@code true}, sync, unmount and power off; both are timed from before the first process is started until
 * the last has ended. Ours also takes the lock, finds the initial file system in its cache, and compares what came. The guest waits for
 * two lines from the host before it powers off: QEMU alone has them on its standard input from the start, so that it does not wait
 * for us at all.
 *
 * @param command of QEMU alone
 */
record VmOverhead(VmFixture fixture, Path directory, List<String> command) {
    /** @param directory for a store, and for what QEMU alone reads and writes */
    static VmOverhead prepare(Path directory) throws Exception {
        VmFixture fixture = VmFixture.store(directory.resolve("cache"));
        return new VmOverhead(fixture, directory, bareCommand(fixture, directory));
    }

    Duration ours() throws Exception {
        long begin = System.nanoTime();
        assertThat(fixture.vm().run().exitCode()).isZero();
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    Duration alone() throws Exception {
        File control = directory.resolve("control").toFile();
        long begin = System.nanoTime();
        Process qemu = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(control)
                .start();
        qemu.getOutputStream().write("mark\nbye\n".getBytes(StandardCharsets.US_ASCII));
        qemu.getOutputStream().flush();
        boolean ended = qemu.waitFor(2, TimeUnit.MINUTES);
        Duration time = Duration.ofNanos(System.nanoTime() - begin);
        qemu.destroyForcibly();
        assertThat(control).hasContent("ready\nexit 0\n");
        assertThat(directory.resolve("stdout")).hasContent("mark");
        assertThat(ended && qemu.exitValue() == 0).isTrue();
        return time;
    }

    /** What our QEMU was started with, on files that stay instead of this process's descriptors. */
    private static List<String> bareCommand(VmFixture fixture, Path directory) throws Exception {
        List<String> words;
        try (RunningVm vm = fixture.vm().start()) {
            while (!Leftovers.isQemu(vm.pid())) {
                TimeUnit.MILLISECONDS.sleep(1); // still setpriv(1), or the shell
            }
            words = new ArrayList<>(VmFixture.commandLine(vm.pid()));
            int initramfs = words.indexOf("-initrd") + 1;
            Path copy = directory.resolve("initramfs");
            Files.copy(Path.of(words.get(initramfs)), copy);
            words.set(initramfs, copy.toString());
        }
        for (String name : List.of("console", "stdout", "stderr")) {
            words.replaceAll(word -> word.startsWith("file,id=" + name + ",")
                    ? "file,id=" + name + ",path=" + directory.resolve(name)
                    : word);
        }
        assertThat(String.join(" ", words)).doesNotContain("/proc/");
        return words;
    }
}
