package dev.ktstr.lock;

import dev.ktstr.os.FileStat;
import dev.ktstr.os.NativePaths;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Who holds what, from {@code /proc/locks} (proc(5)). */
final class ProcLocks {
    private static final int COMMAND_LENGTH = 100;
    private static final Pattern PID = Pattern.compile("\\d{1,10}");
    private static final String NO_COMMAND = "<cmdline unavailable>";

    private ProcLocks() {}

    /** The holders of the {@code flock} on a file; empty if there is no such file, or none is visible. */
    static List<LockHolder> holders(Path lockFile) throws IOException {
        Optional<FileStat> stat = FileStat.of(lockFile);
        if (stat.isEmpty()) {
            return List.of();
        }
        String needle = MountInfo.read()
                .covering(NativePaths.bytes(lockFile.toRealPath()))
                .map(mount -> needle(mount.major(), mount.minor(), stat.get().inode()))
                // Under chroot(2) nothing need cover it; st_dev is right but for btrfs and overlayfs.
                .orElseGet(() -> needle(
                        stat.get().deviceMajor(),
                        stat.get().deviceMinor(),
                        stat.get().inode()));
        String locks = Files.readString(Path.of("/proc/locks"), StandardCharsets.ISO_8859_1);
        List<LockHolder> holders = new ArrayList<>();
        parse(locks, needle).forEach((pid, mode) -> holders.add(new LockHolder(pid, command(pid), mode)));
        return holders;
    }

    /** How {@code /proc/locks} names a file: {@code %02x:%02x:%lu} of device and inode. */
    static String needle(int deviceMajor, int deviceMinor, long inode) {
        return hex(deviceMajor) + ":" + hex(deviceMinor) + ":" + Long.toUnsignedString(inode);
    }

    /**
     * The holders of one file by pid, in the order of the lines. Only granted {@code flock}s count: POSIX and OFD
     * locks, leases and waiters ({@code ->}) are passed over, and so are lines of another form.
     */
    static Map<Long, FlockMode> parse(String locks, String needle) {
        Map<Long, FlockMode> holders = new LinkedHashMap<>();
        for (String line : locks.split("\n", -1)) {
            String[] fields = line.strip().split("\\s+", -1);
            // The kernel prints -1 where it has no pid to show.
            if (fields.length >= 6
                    && fields[1].equals("FLOCK")
                    && fields[5].equals(needle)
                    && PID.matcher(fields[4]).matches()) {
                FlockMode mode = fields[3].equals("READ") ? FlockMode.SHARED : FlockMode.EXCLUSIVE;
                holders.putIfAbsent(Long.parseLong(fields[4]), mode);
            }
        }
        return holders;
    }

    /** The command line of a process, NULs as spaces, cut to 100 characters. */
    static String command(long pid) {
        byte[] raw;
        try {
            raw = Files.readAllBytes(Path.of("/proc", Long.toString(pid), "cmdline"));
        } catch (IOException ended) {
            return NO_COMMAND;
        }
        String text = new String(raw, StandardCharsets.UTF_8).replace('\0', ' ').stripTrailing();
        if (text.isEmpty()) {
            return NO_COMMAND; // a kernel thread, or a zombie
        }
        return text.codePointCount(0, text.length()) <= COMMAND_LENGTH
                ? text
                : text.substring(0, text.offsetByCodePoints(0, COMMAND_LENGTH)) + "…";
    }

    private static String hex(int number) {
        return (number < 16 ? "0" : "") + Integer.toHexString(number);
    }
}
