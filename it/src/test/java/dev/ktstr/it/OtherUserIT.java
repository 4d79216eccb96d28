package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockHolder;
import dev.ktstr.lock.LockUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two users on one store: root's entry, and somebody who may write into the root but not into the entry. */
@Tag("kernel")
@Tag("root")
class OtherUserIT {
    private static final String NOBODY = "65534";

    @TempDir
    Path directory;

    RealKernel kernel;
    KernelCache cache;

    @BeforeEach
    void storeAsRoot() throws Exception {
        Commands.requireRoot();
        kernel = RealKernel.require();
        cache = KernelCache.at(directory.resolve("kernels"));
        cache.store(kernel.request().key("k").build());
        for (Path open : List.of(directory, cache.root(), cache.root().resolve(".locks"))) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
    }

    @Test
    void whatAnotherUserCannotRemoveWholeStaysWhole() throws Exception {
        assertThat(asNobody(CleanMain.class, cache.root().toString()))
                .startsWith("failed k ")
                .contains("cannot remove what is in it");
        assertThat(cache.verify("k").problems()).isEmpty();
    }

    @Test
    void anotherUserLocksTheSameFilesAndStoresBesideUs() throws Exception {
        Path image = directory.resolve("vmlinuz");
        Path vmlinux = directory.resolve("vmlinux");
        Files.copy(kernel.image(), image);
        Files.copy(kernel.vmlinux(), vmlinux);
        RealKernel copy = new RealKernel(image, vmlinux, Files.writeString(directory.resolve("config"), "# theirs\n"));
        List<String> command = command(StoreMain.class, StoreMain.arguments(cache.root(), "theirs", copy));
        Process store = Commands.start(command);
        StoreMain.go(store);
        assertThat(Commands.finish(store)).contains("STORED true");
        assertThat(cache.verify("theirs").problems()).isEmpty();
        Path lockFile = cache.root().resolve(".locks/theirs.lock");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(lockFile)))
                .isEqualTo("rw-rw-rw-");
        cache.store(copy.request().key("theirs").replace(true).build());
    }

    @Test
    void anotherUserLeavesARecordBesideOursAndReadsIt() throws Exception {
        Path holders = cache.root().resolve(".locks/holders/k.lock");
        try (KernelLease ours = cache.lease("k")) {
            Process theirs =
                    Commands.start(command(LeaseMain.class, cache.root().toString(), "k", "0"));
            // First they are warned that others may write here, too.
            assertThat(theirs.inputReader().lines().anyMatch("held k"::equals)).isTrue();
            try (Stream<Path> records = Files.list(holders)) {
                assertThat(records).as("%s", ours).hasSize(2);
            }
            List<LockHolder> seen = Flock.on(cache.root().resolve(".locks/k.lock"))
                    .withHoldersIn(cache.root().resolve(".locks/holders"))
                    .holders();
            assertThat(seen)
                    .hasSize(2)
                    .allSatisfy(who -> assertThat(who.since()).isNotNull());
            theirs.getOutputStream().close();
            assertThat(theirs.waitFor()).isZero();
        }
        assertThat(holders).isEmptyDirectory();
        // Stale, of root's, in root's sticky directory: not theirs to remove, and no holder.
        Path stale = Files.writeString(holders.resolve("1-0123abcd"), "{}");
        assertThat(Files.getAttribute(holders, "unix:mode")).isEqualTo(0041777);
        try (LockGuard writer = Flock.on(cache.root().resolve(".locks/k.lock"))
                .withHoldersIn(cache.root().resolve(".locks/elsewhere"))
                .acquire(FlockMode.EXCLUSIVE)) {
            assertThat(asNobody(LeaseMain.class, cache.root().toString(), "k", "0"))
                    .as("%s", writer)
                    .contains("timed out after 0s")
                    .doesNotContain("pid=1 ");
        }
        assertThat(stale).exists();
    }

    /** Not taken for a store that cannot be written: whether somebody replaces the kernel just now cannot be seen. */
    @Test
    void aLockThatTheyMayNotOpenIsNotPassedOver() throws Exception {
        Files.setPosixFilePermissions(
                cache.root().resolve(".locks/k.lock"), PosixFilePermissions.fromString("rw-------"));
        Path image = Files.copy(kernel.image(), directory.resolve("vmlinuz"));
        Path vmlinux = Files.copy(kernel.vmlinux(), directory.resolve("vmlinux"));
        RealKernel copy = new RealKernel(image, vmlinux, Files.copy(kernel.config(), directory.resolve("config")));
        Commands.run(
                "chmod",
                "a+r",
                image.toString(),
                vmlinux.toString(),
                copy.config().toString());
        Process store = Commands.start(command(StoreMain.class, StoreMain.arguments(cache.root(), "k", copy)));
        StoreMain.go(store);

        assertThat(Commands.finish(store))
                .contains("KT-LOCK-03", "its lock file cannot be opened")
                .doesNotContain("ALREADY_STORED");
    }

    /** It could lead to where only root may write, and lock files are for all users. */
    @Test
    void aLinkOfTheirsInPlaceOfTheLocksIsNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path locks = cache.root().resolve(".locks");
        Commands.run("rm", "-r", locks.toString());
        Files.createSymbolicLink(locks, elsewhere);
        Commands.run("chown", "-h", NOBODY, locks.toString());

        assertThatThrownBy(() -> cache.lease("k"))
                .isInstanceOf(LockUnavailableException.class)
                .hasMessageContaining(ErrorCode.LOCK_FOREIGN.id())
                .hasMessageContaining("a symbolic link that another user (" + NOBODY + ") made");
        assertThat(elsewhere).isEmptyDirectory();

        Commands.run("chown", "-h", "0", locks.toString());
        cache.lease("k").close();
        assertThat(elsewhere.resolve("k.lock")).exists();
    }

    /** Records are for all users to write, as lock files are, so where there are lock files none are left either. */
    @Test
    void noHoldersAreRecordedWhereALinkOfTheirsLeads() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createFile(elsewhere.resolve("k.lock"));
        Path locks = cache.root().resolve(".locks");
        Commands.run("rm", "-r", locks.toString());
        Files.createSymbolicLink(locks, elsewhere);
        Commands.run("chown", "-h", NOBODY, locks.toString());

        cache.lease("k").close();
        assertThat(elsewhere.resolve("holders")).doesNotExist();

        Commands.run("chown", "-h", "0", locks.toString());
        cache.lease("k").close();
        assertThat(elsewhere.resolve("holders/k.lock")).isEmptyDirectory();
    }

    private String asNobody(Class<?> main, String... arguments) throws Exception {
        return Commands.finish(Commands.start(command(main, arguments)));
    }

    /** With a class path that they may read; the local Maven repository is in somebody's home. */
    private List<String> command(Class<?> main, String... arguments) throws Exception {
        Path readable = Files.createTempDirectory(directory, "classes");
        List<String> jvm = Commands.jvm(main, arguments);
        int classPath = jvm.indexOf("-cp") + 1;
        List<String> copies = new ArrayList<>();
        for (String element : jvm.get(classPath).split(":", -1)) {
            if (!Files.exists(Path.of(element))) {
                continue; // Maven also names directories that it had nothing to put into
            }
            Path copy = readable.resolve(copies.size() + "-" + Path.of(element).getFileName());
            Commands.run("cp", "-rL", element, copy.toString());
            copies.add(copy.toString());
        }
        Commands.run("chmod", "-R", "a+rX", readable.toString());
        jvm.set(classPath, String.join(":", copies));
        List<String> command = new ArrayList<>(
                List.of("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "env", "HOME=" + directory));
        command.addAll(jvm);
        return command;
    }
}
