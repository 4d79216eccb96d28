package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.Environment;
import dev.ktstr.Programs;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.os.Machine;
import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Looks around at moments of the closing: when disks are kept, which is after virtual machines have ended; when another
 * thread gets the kernel's lock; and, of the two locks, at which record goes first.
 */
class ClosingOrderTest {
    private static final Path HOST = Path.of("target", "closing-order").toAbsolutePath();
    private static final Path PROGRAMS = HOST.resolve("bin");
    private static final Environment ENVIRONMENT = Environment.of(
            Map.of("KTSTR_LOCK_DIR", HOST.toString(), "PATH", PROGRAMS + ":" + System.getenv("PATH")), null);
    private static final String KEY = "k-6.12.5";
    private static final Path NAMED_LOCK = HOST.resolve("ktstr-lock-order.lock");

    private static volatile Stage current = new Stage(Path.of("unset"));
    private static volatile Waiter waiter = Waiter.NOBODY;
    private static volatile CompletableFuture<State> seen = new CompletableFuture<>();
    private static volatile long machine;
    private static volatile Stage.Look duringLocksCase = () -> {};

    @TempDir
    Path directory;

    private enum Waiter {
        NOBODY,
        FOR_THE_KERNEL
    }

    /** What there is still. Of the locks, those that this process has, the one who looks included. */
    record State(boolean machine, long disks, long kernelLocks, long namedLocks) {
        static State now() throws IOException {
            return new State(isRunning(), Stage.openDisks(), current.locks(KEY), Stage.locks(NAMED_LOCK));
        }

        private static boolean isRunning() throws IOException {
            Path process = Path.of("/proc", Long.toString(ClosingOrderTest.machine), "comm");
            return Files.exists(process) && !Files.readString(process).isBlank();
        }
    }

    static class EverythingCase {
        @RegisterExtension
        static final KtstrExtension KTSTR =
                KtstrExtension.builder().environment(ENVIRONMENT).build();

        @Test
        @KtstrKernel
        @KtstrLock(name = "order")
        void test(
                KernelEntry kernel,
                @KtstrDisk(size = "16M") TestDisk disk,
                @KtstrDisk(size = "16M") TestDisk another,
                VirtualMachine.Builder builder)
                throws Exception {
            RunningVm vm = builder.memory("256M")
                    .accelerator(Accelerator.TCG)
                    .disk(disk)
                    .script("true")
                    .start();
            machine = vm.pid();
            // The machine holds its kernel as well.
            assertThat(State.now()).isEqualTo(new State(true, 2, 2, 1));
            if (waiter != Waiter.NOBODY) {
                lookWhenGranted(kernel);
            }
        }
    }

    /** Returns when somebody waits. */
    private static void lookWhenGranted(KernelEntry kernel) throws Exception {
        CompletableFuture<Void> waits = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try (LockGuard guard = Flock.on(
                            current.cache.resolve(".locks").resolve(kernel.key() + ".lock"),
                            ENVIRONMENT,
                            event -> waits.complete(null))
                    .acquire(FlockMode.EXCLUSIVE, Duration.ofSeconds(30))) {
                seen.complete(State.now());
            } catch (IOException | RuntimeException | Error failed) {
                seen.completeExceptionally(failed);
                waits.completeExceptionally(failed);
            }
        });
        thread.setDaemon(true);
        thread.start();
        waits.get(10, TimeUnit.SECONDS);
    }

    /** A QEMU that does nothing. */
    @BeforeEach
    void makeQemu() throws IOException {
        for (String needed : List.of("busybox", "setpriv")) {
            assumeTrue(new Programs(ENVIRONMENT).find(needed).isPresent(), () -> "needs the program " + needed);
        }
        Path qemu = Files.createDirectories(PROGRAMS).resolve("qemu-system-" + Machine.arch());
        Files.writeString(qemu, "#!/bin/sh\nexec sleep 60\n");
        Files.setPosixFilePermissions(qemu, PosixFilePermissions.fromString("rwxr-xr-x"));
        seen = new CompletableFuture<>();
        current = new Stage(directory);
        current.store("6.12.5");
    }

    @Test
    void aMachineEndsBeforeItsDisksAreClosed() throws Exception {
        waiter = Waiter.NOBODY;
        current.set("ktstr.keepDisks", "always").whenSomethingIsKept(() -> seen.complete(State.now()));

        Stage.assertPassed(current.run(EverythingCase.class), 1);
        assertThat(seen.get(1, TimeUnit.SECONDS)).isEqualTo(new State(false, 2, 1, 1));
        assertThat(State.now()).isEqualTo(new State(false, 0, 0, 0));
    }

    @Test
    void disksAreClosedBeforeTheKernelIsReleased() throws Exception {
        waiter = Waiter.FOR_THE_KERNEL;

        Stage.assertPassed(current.run(EverythingCase.class), 1);
        State state = seen.get(10, TimeUnit.SECONDS);
        assertThat(state).isEqualTo(new State(false, 0, 1, state.namedLocks()));
    }

    static class LocksCase {
        @RegisterExtension
        static final KtstrExtension KTSTR =
                KtstrExtension.builder().environment(ENVIRONMENT).build();

        @Test
        @KtstrKernel
        @KtstrLock(name = "order")
        void test() throws IOException {
            duringLocksCase.around();
        }
    }

    @Test
    void theKernelIsReleasedBeforeTheNamedLock() throws Exception {
        Path ofTheKernel = current.cache.resolve(".locks/holders").resolve(KEY + ".lock");
        Path ofTheName = HOST.resolve("ktstr-holders").resolve(NAMED_LOCK.getFileName());
        try (WatchService watch = directory.getFileSystem().newWatchService()) {
            duringLocksCase = () -> {
                ofTheKernel.register(watch, StandardWatchEventKinds.ENTRY_DELETE);
                ofTheName.register(watch, StandardWatchEventKinds.ENTRY_DELETE);
            };

            Stage.assertPassed(current.run(LocksCase.class), 1);
            assertThat(List.of(next(watch), next(watch))).containsExactly(ofTheKernel, ofTheName);
        }
    }

    private static Path next(WatchService watch) throws InterruptedException {
        WatchKey key = watch.poll(10, TimeUnit.SECONDS);
        return key == null ? Path.of("nothing") : (Path) key.watchable();
    }
}
