package dev.ktstr.maven.packages;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the members of an ar archive are. Read here and not by a library, because a package needs so little of ar: names
 * of up to 16 characters. Libraries read the tables of longer ones that other archives have, into memory and recursively,
 * and skip members by reading them.
 */
final class ArMembers {
    private static final int MAGIC = 8;
    private static final int HEADER = 60;

    /** Name, time, owner, group and mode, size, and the header's end. */
    private static final Pattern FORM = Pattern.compile("(.{16}).{32}([0-9]{1,10}) *`\n", Pattern.DOTALL);

    /** Three are needed; signers add one or two. */
    private static final int MOST = 16;

    private ArMembers() {}

    /**
     * The members up to and including the first whose name begins with {@code last}.
     *
     * @throws PackageException if the archive is damaged or cut off before, or in that member
     */
    static Map<String, FileSlice> read(FileSlice file, String last, Origin origin) throws IOException {
        Map<String, FileSlice> members = new LinkedHashMap<>();
        for (long at = MAGIC; at < file.size() && members.size() < MOST; ) {
            Matcher header = FORM.matcher(header(file, at));
            if (!header.matches()) {
                throw origin.damaged("the archive is damaged or cut off at byte " + at, null);
            }
            String name = header.group(1).stripTrailing();
            name = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
            long size = Long.parseLong(header.group(2));
            at += HEADER;
            if (size > file.size() - at) {
                throw origin.damaged(
                        "its member " + MemberNames.shown(name) + " is cut off: of " + size + " bytes there are "
                                + (file.size() - at),
                        null);
            }
            if (members.put(name, new FileSlice(file.file(), file.offset() + at, size)) != null) {
                throw origin.hostile("it has two members called " + MemberNames.shown(name));
            }
            if (name.startsWith(last)) {
                return members;
            }
            at += size + (size & 1);
        }
        throw origin.damaged(
                "it has no member " + last + " (but these: " + MemberNames.shown(String.join(", ", members.keySet()))
                        + ")",
                null);
    }

    private static String header(FileSlice file, long at) throws IOException {
        long length = Math.min(HEADER, file.size() - at);
        try (InputStream in = new FileSlice(file.file(), file.offset() + at, length).stream()) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
