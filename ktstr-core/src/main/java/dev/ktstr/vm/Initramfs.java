package dev.ktstr.vm;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.os.Closer;
import dev.ktstr.os.Fd;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The file system that a guest starts with: one archive with what is the same for every machine of a kernel (busybox, modules,
 * our first process), which is kept, and behind it a small one with what is this machine's own.
 */
final class Initramfs {
    private static final List<String> DIRECTORIES =
            List.of("bin", "sbin", "usr/bin", "usr/sbin", "lib", "lib64", "etc", "mnt", "proc", "root", "run", "sys");

    private static final int CONSOLE_MAJOR = 5; // Documentation/admin-guide/devices.txt
    private static final int CONSOLE_MINOR = 1;
    private static final int MEMORY_MAJOR = 1;
    private static final int NULL_MINOR = 3;
    private static final int KMSG_MINOR = 11;

    /** What init.sh cannot do without. */
    private static final Set<String> APPLETS = Set.of(
            "cat",
            "dd",
            "grep",
            "insmod",
            "ln",
            "ls",
            "mkdir",
            "mkfifo",
            "mknod",
            "modprobe",
            "mount",
            "od",
            "poweroff",
            "reboot",
            "rm",
            "sh",
            "sync",
            "tr",
            "true",
            "umount",
            "uname",
            "usleep",
            "wc");

    private static final String BUSYBOX = "/bin/busybox";

    private final VirtualMachine.Builder values;
    private final VmPrograms programs;
    private final Environment environment;

    Initramfs(VirtualMachine.Builder values, VmPrograms programs) {
        this.values = values;
        this.programs = programs;
        this.environment = values.environment();
    }

    /**
     * The whole, in a file without a name.
     *
     * @throws VmException if a program or a file is missing
     */
    Fd create(KernelEntry kernel) throws IOException {
        InitramfsCache cache = new InitramfsCache(environment, values.events());
        Path busybox = programs.require(RequiredProgram.BUSYBOX);
        try (Closer closer = new Closer()) {
            Fd whole = cache.copyOf(List.of(kernel.directory(), busybox), sink -> writeBase(sink, busybox, kernel));
            closer.add(whole::close);
            try (OutputStream out = InitramfsCache.open(whole)) {
                Cpio own = new Cpio(out);
                new GuestFiles(values).writeTo(own);
                own.end();
            }
            closer.keep();
            return whole;
        }
    }

    private static void writeBase(OutputStream out, Path busybox, KernelEntry kernel) throws IOException {
        Cpio cpio = new Cpio(out);
        for (String directory : DIRECTORIES) {
            cpio.directory(directory);
        }
        cpio.directory("tmp");
        cpio.directory("dev");
        cpio.characterDevice(
                "dev/console", CONSOLE_MAJOR, CONSOLE_MINOR); // what the first process has open at its start
        cpio.characterDevice("dev/null", MEMORY_MAJOR, NULL_MINOR);
        cpio.characterDevice("dev/kmsg", MEMORY_MAJOR, KMSG_MINOR);
        cpio.file("etc/passwd", Cpio.READ_ONLY, "root:x:0:0:root:/root:/bin/sh\n".getBytes(StandardCharsets.US_ASCII));
        cpio.file("etc/group", Cpio.READ_ONLY, "root:x:0:\n".getBytes(StandardCharsets.US_ASCII));
        cpio.file(BUSYBOX, Cpio.PROGRAM, busybox);
        for (Map.Entry<String, Path> library :
                new SharedLibraries().resolve(busybox).entrySet()) {
            cpio.file(library.getKey(), Cpio.PROGRAM, library.getValue());
        }
        for (String applet : applets(busybox)) {
            cpio.link(applet, BUSYBOX);
        }
        cpio.file("init", Cpio.PROGRAM, resource("init.sh"));
        GuestModules.read(kernel.modules()).writeTo(cpio);
        cpio.end();
    }

    /** The paths that this busybox wants to be found by, such as {@code /sbin/modprobe}. */
    private static List<String> applets(Path busybox) throws IOException {
        Process list = new ProcessBuilder(busybox.toString(), "--list-full")
                .redirectErrorStream(true)
                .start();
        try {
            list.getOutputStream().close();
            String output = new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            List<String> paths = output.lines()
                    .filter(path -> path.matches("[a-z0-9/]*/[^/\\s]+|linuxrc") && !("/" + path).equals(BUSYBOX))
                    .toList();
            Set<String> names = paths.stream()
                    .map(path -> path.substring(path.lastIndexOf('/') + 1))
                    .collect(Collectors.toSet());
            String missing = APPLETS.stream()
                    .filter(name -> !names.contains(name))
                    .sorted()
                    .collect(Collectors.joining(", "));
            if (!missing.isEmpty()) {
                throw new VmException(
                        ErrorCode.VM_PROGRAM_MISSING,
                        "preparing a virtual machine: this busybox cannot do all that is needed, but lacks " + missing,
                        busybox,
                        "install a complete one: apt-get install busybox-static (Debian, Ubuntu), dnf install busybox (Fedora)");
            }
            return paths;
        } finally {
            list.destroyForcibly();
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Initramfs.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing in this JAR");
            }
            return in.readAllBytes();
        }
    }
}
