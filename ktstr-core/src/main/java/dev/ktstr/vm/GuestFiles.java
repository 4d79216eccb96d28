package dev.ktstr.vm;

import dev.ktstr.ErrorCode;
import dev.ktstr.Printable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The files that a machine has besides those that all machines with its kernel have. */
final class GuestFiles {
    /** Where our own files are in a guest. */
    static final String OURS = "/ktstr";

    private static final int PERMISSIONS = 07777;
    private static final long LARGEST = 0xffff_ffffL; // the format has 32 bits for it

    private static final Pattern RESERVED = Pattern.compile(
            "/(bin|sbin|usr|usr/s?bin|usr/local|usr/local/s?bin|lib|lib64|etc|mnt|root|run|tmp|init|bin/busybox)"
                    + "|/(dev|proc|sys|ktstr|lib/modules)(/.*)?");

    private final VirtualMachine.Builder values;

    GuestFiles(VirtualMachine.Builder values) {
        this.values = values;
    }

    /** @throws VmException if something cannot be put there */
    static void check(Set<String> guestPaths) throws VmException {
        for (String path : guestPaths) {
            boolean isPlain = path.startsWith("/")
                    && path.length() > 1
                    && !(path + "/").matches(".*/(\\.{0,2})/.*")
                    && path.chars().noneMatch(Character::isISOControl);
            if (!isPlain) {
                throw VmException.spec(
                        "files",
                        "\"" + Printable.text(path) + "\" is no absolute path in the guest",
                        "write it like /usr/local/bin/tool, without \"..\"");
            }
            if (RESERVED.matcher(path).matches()) {
                throw VmException.spec(
                        "files",
                        path + " is a directory there, or hidden by one that is mounted, or belongs to ktstr itself",
                        "put the file elsewhere, as in /usr/local/bin or /root");
            }
            if (guestPaths.stream().anyMatch(other -> other.startsWith(path + "/"))) {
                throw VmException.spec("files", path + " would be a file and a directory", "rename one");
            }
        }
    }

    void writeTo(Cpio cpio) throws IOException {
        cpio.file(OURS + "/disks", Cpio.READ_ONLY, bytes(values.disks().size() + "\n"));
        cpio.file(OURS + "/run", Cpio.READ_ONLY, bytes(run()));
        if (values.program() instanceof GuestProgram.Script script) {
            cpio.file(GuestProgram.Script.FILE, Cpio.READ_ONLY, bytes(script.text()));
        }
        Map<String, Path> libraries = new TreeMap<>();
        for (Map.Entry<String, Path> file : values.files().entrySet()) {
            Path host = file.getValue();
            require(host);
            cpio.file(file.getKey(), permissions(host), host);
            if (Files.isExecutable(host)) {
                add(new SharedLibraries().resolve(host), libraries);
            }
        }
        libraries.keySet().removeAll(values.files().keySet());
        for (Map.Entry<String, Path> library : libraries.entrySet()) {
            cpio.file(library.getKey(), Cpio.PROGRAM, library.getValue());
        }
    }

    private static void add(Map<String, Path> more, Map<String, Path> libraries) throws VmException {
        for (Map.Entry<String, Path> library : more.entrySet()) {
            Path other = libraries.putIfAbsent(library.getKey(), library.getValue());
            if (other != null && !other.equals(library.getValue())) {
                throw new VmException(
                        ErrorCode.GUEST_FILE,
                        "preparing files for a virtual machine: two programs want different files as "
                                + library.getKey() + ": " + other + " and " + library.getValue(),
                        null,
                        "link one of the programs statically");
            }
        }
    }

    private String run() {
        StringBuilder run = new StringBuilder();
        values.variables()
                .forEach((name, value) -> run.append("export ")
                        .append(name)
                        .append('=')
                        .append(GuestProgram.quoted(value))
                        .append('\n'));
        return run.append(values.program().line()).append('\n').toString();
    }

    private static void require(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new VmException(
                    ErrorCode.GUEST_FILE,
                    "preparing a file for a virtual machine: "
                            + (Files.isDirectory(file)
                                    ? "it is a directory"
                                    : Files.exists(file) ? "it cannot be read" : "it is not there"),
                    file.toAbsolutePath(),
                    Files.isDirectory(file)
                            ? "name its files one by one, or give the guest a tar archive"
                            : "correct the path, or build what makes the file first");
        }
        if (Files.size(file) > LARGEST) {
            throw new VmException(
                    ErrorCode.GUEST_FILE,
                    "preparing a file for a virtual machine: it has more than the 4 GiB that such a file can have",
                    file.toAbsolutePath(),
                    "put it on a disk");
        }
    }

    private static int permissions(Path file) throws IOException {
        return (Integer) Files.getAttribute(file, "unix:mode") & PERMISSIONS;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
