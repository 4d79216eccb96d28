package dev.ktstr.lock;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The mounts of this process ({@code /proc/self/mountinfo}, proc(5)): which device number {@code /proc/locks} uses for
 * a path. Works on bytes, held as ISO-8859-1 text; mount points need not be valid in any encoding.
 */
record MountInfo(List<Mount> mounts) {
    private static final Pattern DEVICE = Pattern.compile("(\\d{1,9}):(\\d{1,9})");

    record Mount(int major, int minor, String mountPoint) {
        boolean covers(String path) {
            return mountPoint.equals("/")
                    || path.equals(mountPoint)
                    || (path.startsWith(mountPoint) && path.charAt(mountPoint.length()) == '/');
        }
    }

    static MountInfo read() throws IOException {
        return parse(Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    /** Lines that are not of the expected form are passed over. */
    static MountInfo parse(String text) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            String[] fields = line.split(" ", -1);
            if (fields.length < 6) {
                continue;
            }
            Matcher device = DEVICE.matcher(fields[2]);
            if (device.matches()) {
                mounts.add(new Mount(
                        Integer.parseInt(device.group(1)), Integer.parseInt(device.group(2)), unescape(fields[4])));
            }
        }
        return new MountInfo(mounts);
    }

    /** Those of the mounts that matter for the files of one directory: so that each of many files need not ask all. */
    MountInfo around(byte[] directory) {
        String path = new String(directory, StandardCharsets.ISO_8859_1);
        String inside = path.endsWith("/") ? path : path + "/";
        List<Mount> few = new ArrayList<>();
        covering(directory).ifPresent(few::add);
        mounts.stream().filter(mount -> mount.mountPoint.startsWith(inside)).forEach(few::add);
        return new MountInfo(few);
    }

    /**
     * The mount that a path lies on: the longest mount point that is a prefix on component borders. Of two on one
     * mount point the later covers the earlier.
     */
    Optional<Mount> covering(byte[] absolutePath) {
        String path = new String(absolutePath, StandardCharsets.ISO_8859_1);
        Mount best = null;
        for (Mount mount : mounts) {
            if (mount.covers(path) && (best == null || mount.mountPoint.length() >= best.mountPoint.length())) {
                best = mount;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Undoes the kernel's {@code \040} for space and the like; what is no such escape stays as it is. */
    static String unescape(String field) {
        if (field.indexOf('\\') < 0) {
            return field;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < field.length(); i++) {
            int value = field.charAt(i) == '\\' ? octal(field, i + 1) : -1;
            bytes.write(value < 0 ? field.charAt(i) : value);
            i += value < 0 ? 0 : 3;
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** The value of exactly three octal digits, at most 0377; else -1. */
    private static int octal(String text, int start) {
        if (start + 3 > text.length()) {
            return -1;
        }
        int value = 0;
        for (int i = start; i < start + 3; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 7) {
                return -1;
            }
            value = value * 8 + digit;
        }
        return value > 0377 ? -1 : value;
    }
}
