package dev.ktstr.maven.packages;

import java.nio.charset.StandardCharsets;

/** Names of archive members, which anybody may have made up. */
final class MemberNames {
    private static final int LONGEST = 1024;
    private static final int LONGEST_PART = 255;
    private static final int SHOWN = 160;

    private MemberNames() {}

    /**
     * The name without the {@code ./} that dpkg puts before it, and without a directory's slash at the end; empty for the
     * top itself.
     *
     * @throws PackageException if it leads out of the directory it is below, or is not a plain name. That is refused for
     *     members that nobody needs, too: who ships one such name may have more in store
     */
    static String checked(String raw, Origin origin) throws PackageException {
        String name = raw.startsWith("./") ? raw.substring(2) : raw;
        name = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
        if (raw.startsWith("/") || name.startsWith("/")) {
            throw origin.hostile("a member has an absolute name: " + shown(raw));
        }
        if (raw.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            throw origin.hostile("a member's name has control characters in it: " + shown(raw));
        }
        if (name.isEmpty() || name.equals(".")) {
            return "";
        }
        if (raw.length() > LONGEST) {
            throw origin.hostile("a member's name is " + raw.length() + " characters long: " + shown(raw));
        }
        for (String part : name.split("/", -1)) {
            if (part.equals("..")) {
                throw origin.hostile("a member's name leads out of the package: " + shown(raw));
            }
            if (part.isEmpty() || part.equals(".")) {
                throw origin.hostile("a member's name goes a roundabout way: " + shown(raw));
            }
            if (part.getBytes(StandardCharsets.UTF_8).length > LONGEST_PART) {
                throw origin.hostile("a member's name is too long for a file: " + shown(raw));
            }
        }
        return name;
    }

    /** A name as it can be printed: on one line, and not too long. */
    static String shown(String name) {
        StringBuilder text = new StringBuilder();
        name.codePoints().limit(SHOWN).forEach(c -> {
            if (c < 0x20 || c >= 0x7f) {
                text.append(String.format("\\u%04x", c));
            } else {
                text.appendCodePoint(c);
            }
        });
        return name.length() > SHOWN ? text.append("...").toString() : text.toString();
    }
}
