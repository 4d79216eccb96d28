package dev.ktstr.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.vm.Accelerator;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The distribution's kernel in a store of its own, ready to be booted. */
record VmFixture(KernelCache cache, KernelEntry kernel, Environment environment) {
    static final List<Filesystem> FORMATTED = List.of(Filesystem.BTRFS, Filesystem.XFS, Filesystem.EXT4);

    private static final String KEY = "k";

    /** Stores it; aborts where something that a virtual machine needs is missing. */
    static VmFixture store(Path root) throws Exception {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "boots kernels for x86_64 only");
        for (String program : List.of("qemu-system-x86_64", "busybox", "setpriv", "flock", "losetup")) {
            Commands.requireProgram(program);
        }
        KernelCache cache = KernelCache.at(root);
        KernelEntry kernel = cache.store(modular().key(KEY).build()).entry();
        return new VmFixture(cache, kernel, environment(root, Map.of()));
    }

    /** One that another process stored. */
    static VmFixture at(Path root) throws Exception {
        KernelCache cache = KernelCache.at(root);
        return new VmFixture(cache, cache.lookup(KEY).orElseThrow(), environment(root, Map.of()));
    }

    /** The kernel with the modules that it needs to boot from a disk. */
    static StoreRequest.Builder modular() {
        return plain().modulesDir(RealKernel.requireModules()).modules(Modules.BOOT);
    }

    /** The kernel alone. */
    static StoreRequest.Builder plain() {
        return StoreRequest.builder().image(RealKernel.require().image());
    }

    static void requireFormatters() {
        for (Filesystem filesystem : FORMATTED) {
            Commands.requireProgram("mkfs." + filesystem.text());
        }
    }

    /** A fresh one: what was found out in another is not known in it. */
    static Environment environment(Path root, Map<String, String> more) {
        Map<String, String> variables = new HashMap<>(more);
        variables.putIfAbsent("PATH", System.getenv("PATH"));
        variables.put("KTSTR_CACHE_DIR", root.toString());
        return Environment.of(variables, null);
    }

    /** Under TCG, which is there on every machine. */
    VirtualMachine.Builder vm() {
        return VirtualMachine.builder(environment).kernel(kernel).accelerator(Accelerator.TCG);
    }

    DiskTemplates templates() {
        return DiskTemplates.at(cache.root(), environment);
    }

    static DiskSpec spec(Filesystem filesystem) throws Exception {
        return DiskSpec.builder().filesystem(filesystem).size("300M").build();
    }

    /** Fails if something is wrong with the file system. */
    static void check(Filesystem filesystem, Path image) throws Exception {
        switch (filesystem) {
            case BTRFS -> Commands.run("btrfs", "check", "--force", image.toString());
            case XFS -> Commands.run("xfs_repair", "-n", "-f", image.toString());
            default -> Commands.run("e2fsck", "-fn", image.toString());
        }
    }

    /** The file by which an entry is locked. */
    Path lockFile() {
        return cache.root().resolve(".locks/" + kernel.key() + ".lock");
    }

    Path initramfsDirectory() {
        return cache.root().resolve(".initramfs");
    }

    /** The words that a process was started with. */
    static List<String> commandLine(long pid) throws IOException {
        String words = Files.readString(Path.of("/proc/" + pid + "/cmdline")); // a NUL ends each of them
        return List.of(words.split("\0"));
    }
}
