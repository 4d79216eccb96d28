package dev.ktstr.maven.packages;

import dev.ktstr.cache.PackageId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** A package's {@code control} file, see deb-control(5). */
final class Control {
    /** Debian's longest have some 10 KiB. */
    private static final int LARGEST = 1 << 20;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9+.-]{1,199}");
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9.+:~-]{1,200}");
    private static final Pattern ARCHITECTURE = Pattern.compile("[a-z0-9][a-z0-9-]{1,49}");

    private final Map<String, String> fields;
    private final Origin origin;

    private Control(Map<String, String> fields, Origin origin) {
        this.fields = fields;
        this.origin = origin;
    }

    /** Reads it out of the archive that has it, which is read to its end. */
    static Control read(DebTar tar, Origin origin) throws IOException {
        Control found = null;
        for (DebTar.Member member = tar.next(); member != null; member = tar.next()) {
            if (!member.name().equals("control") || !member.isRegular()) {
                continue;
            }
            if (found != null) {
                throw origin.hostile("it has two control files");
            }
            if (member.size() > LARGEST) {
                throw origin.hostile("its control file has " + member.size() + " bytes");
            }
            found = parse(new String(tar.readNBytes(LARGEST), StandardCharsets.UTF_8), origin);
        }
        if (found == null) {
            throw origin.damaged("it has no control file", null);
        }
        return found;
    }

    static Control parse(String text, Origin origin) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : text.lines().toList()) {
            int colon = line.indexOf(':');
            // A line that begins with a space continues the field before; none that we need has more than one.
            if (colon > 0 && !Character.isWhitespace(line.charAt(0))) {
                fields.putIfAbsent(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        return new Control(fields, origin);
    }

    PackageId id(String sha256) throws PackageException {
        return new PackageId(
                field("Package", NAME), field("Version", VERSION), field("Architecture", ARCHITECTURE), sha256);
    }

    /** What goes into metadata and messages is only what may be there. */
    private String field(String name, Pattern form) throws PackageException {
        String value = fields.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        if (!form.matcher(value).matches()) {
            throw origin.damaged(
                    "the field " + name + " of its control file is "
                            + (value.isEmpty() ? "missing" : "not valid: " + MemberNames.shown(value)),
                    null);
        }
        return value;
    }
}
