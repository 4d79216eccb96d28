package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.Modules;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stored modules of a distribution's kernel, loaded one after the other, are enough for it to mount its disks. */
@Tag("kernel")
@Tag("qemu")
class ModulesBootIT {
    private static final long MINUTES = 3; // without KVM, on a busy machine; alone it takes ten seconds
    private static final int TAIL = 4000;
    private static final long DISK = 320L << 20; // xfs takes no less than 300 MiB

    /** What each file system is made with, and what then finds nothing wrong with it. Their order is that of the disks. */
    private static final Map<String, List<String>> FILE_SYSTEMS = new LinkedHashMap<>();

    static {
        FILE_SYSTEMS.put("btrfs", List.of("mkfs.btrfs -q", "btrfs check --readonly"));
        FILE_SYSTEMS.put("xfs", List.of("mkfs.xfs -q", "xfs_repair -n -f"));
        FILE_SYSTEMS.put("ext4", List.of("mkfs.ext4 -q -F", "e2fsck -f -n"));
    }

    /** The guest's first process. Only lines that begin with a word of ours count: the kernel prints there, too. */
    private static final String INIT = """
            #!/busybox sh
            /busybox mount -t devtmpfs dev /dev
            for module in /modules/*; do
              if error=$(/busybox insmod "$module" 2>&1); then
                echo "LOADED ${module##*/}"
              else
                echo "FAILED ${module##*/}: $error"
              fi
            done
            try() { # FILE-SYSTEM DEVICE
              for wait in 1 2 3 4 5 6 7 8 9 10; do
                [ ! -b "$2" ] || break
                /busybox sleep 1
              done
              /busybox mount -t "$1" "$2" /mnt && /busybox cp /proof /mnt/proof && /busybox umount /mnt && echo "PASS $1"
            }
            try btrfs /dev/vda
            try xfs /dev/vdb
            try ext4 /dev/vdc
            echo DONE
            /busybox poweroff -f
            """;

    @TempDir
    Path directory;

    @Test
    void theStoredModulesLoadInTheirOrderAndTheDisksMount() throws Exception {
        RealKernel kernel = requireEverything();
        KernelCache cache = KernelCache.at(directory.resolve("kernels"));
        cache.store(kernel.request()
                .key("k")
                .modulesDir(RealKernel.requireModules())
                .modules(Modules.BOOT)
                .build());
        String proof = "written by the guest: " + UUID.randomUUID();
        List<Path> disks = disks();
        String console;
        int modules;
        try (KernelLease lease = cache.lease("k")) {
            List<Path> files = lease.entry().modules();
            assertThat(files).isNotEmpty();
            modules = files.size();
            console = boot(lease.entry().image(), initramfs(files, proof), disks);
        }
        System.out.println("loaded " + count(console, "LOADED ") + " of " + modules + " modules");

        String seen = "console: ..." + console.substring(Math.max(0, console.length() - TAIL));
        // Some are for hardware that a machine may lack, such as a kind of checksum; another one does it there.
        assertThat(console.lines().filter(line -> line.startsWith("FAILED ") && !line.endsWith(": No such device")))
                .as(seen)
                .isEmpty();
        assertThat(count(console, "LOADED ") + count(console, "FAILED "))
                .as(seen)
                .isEqualTo(modules);
        assertThat(console.lines().filter(line -> line.startsWith("PASS ")))
                .as(seen)
                .containsExactlyElementsOf(FILE_SYSTEMS.keySet().stream()
                        .map(each -> "PASS " + each)
                        .toList());
        int disk = 0;
        for (List<String> commands : FILE_SYSTEMS.values()) {
            String path = disks.get(disk++).toString();
            Commands.run("sh", "-c", commands.get(1) + " " + path);
            Commands.run("grep", "-q", "-a", "-F", proof, path);
        }
    }

    private static RealKernel requireEverything() throws Exception {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "boots kernels for x86_64 only");
        Commands.requireProgram("qemu-system-x86_64");
        Commands.requireProgram("busybox");
        assumeTrue(
                Commands.run("sh", "-c", "ldd $(command -v busybox) 2>&1 || true")
                        .matches("(?s).*(not a dynamic executable|statically linked).*"),
                "needs a static busybox (Debian: busybox-static)");
        for (List<String> commands : FILE_SYSTEMS.values()) {
            for (String command : commands) {
                Commands.requireProgram(command.split(" ", 2)[0]);
            }
        }
        return RealKernel.require();
    }

    private List<Path> disks() throws Exception {
        List<Path> disks = new ArrayList<>();
        for (Map.Entry<String, List<String>> each : FILE_SYSTEMS.entrySet()) {
            Path disk = directory.resolve(each.getKey() + ".img");
            try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
                file.setLength(DISK);
            }
            Commands.run("sh", "-c", each.getValue().get(0) + " " + disk);
            disks.add(disk);
        }
        return disks;
    }

    /** The modules keep the names that they have in the entry, which give the order. */
    private Path initramfs(List<Path> modules, String proof) throws Exception {
        String busybox = Commands.run("sh", "-c", "command -v busybox").strip();
        Initramfs initramfs = new Initramfs().directory("mnt").directory("modules");
        initramfs.file("busybox", Files.readAllBytes(Path.of(busybox)));
        initramfs.file("init", INIT.getBytes(StandardCharsets.UTF_8));
        initramfs.file("proof", proof.getBytes(StandardCharsets.UTF_8));
        for (Path module : modules) {
            initramfs.file("modules/" + module.getFileName(), Files.readAllBytes(module));
        }
        return initramfs.writeTo(directory.resolve("initramfs.cpio"));
    }

    /** Boots and waits until the guest has powered off; what was on its console. */
    private String boot(Path image, Path initramfs, List<Path> disks) throws Exception {
        Path console = directory.resolve("console");
        Process qemu = new ProcessBuilder(command(image, initramfs, disks))
                .redirectErrorStream(true)
                .redirectOutput(console.toFile())
                .start();
        try {
            boolean ended = qemu.waitFor(MINUTES, TimeUnit.MINUTES);
            String text = read(console);
            assertThat(ended)
                    .as("not done within %d minutes; console: %s", MINUTES, text)
                    .isTrue();
            assertThat(qemu.exitValue()).as(text).isZero();
            return text;
        } finally {
            qemu.destroyForcibly().waitFor();
        }
    }

    private static List<String> command(Path image, Path initramfs, List<Path> disks) {
        List<String> command = new ArrayList<>(
                List.of("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64")); // no orphan, if we are killed
        command.addAll(List.of("-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", "512"));
        command.addAll(List.of("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"));
        command.addAll(List.of("-kernel", image.toString(), "-initrd", initramfs.toString()));
        command.addAll(List.of("-append", "console=ttyS0 panic=-1 quiet"));
        for (Path disk : disks) {
            command.addAll(List.of("-drive", "file=" + disk + ",format=raw,if=virtio,cache=unsafe"));
        }
        return command;
    }

    /** Without the carriage returns of the terminal. */
    private static String read(Path console) throws IOException {
        return Files.readString(console, StandardCharsets.ISO_8859_1).replace("\r", "");
    }

    private static int count(String console, String word) {
        return (int) console.lines().filter(line -> line.startsWith(word)).count();
    }
}
