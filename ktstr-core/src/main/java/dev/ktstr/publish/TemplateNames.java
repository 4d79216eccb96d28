package dev.ktstr.publish;

import java.util.regex.Pattern;

/** Which names are those of disk templates, in a root that kernels may share: both sides go by the same rule. */
public final class TemplateNames {
    /** The form of a key, as a regular expression without groups. */
    public static final String KEY = "(?:raw|btrfs|xfs|ext4)-[0-9]+m-.*";

    /** Between key and owner in the name of a staging directory. */
    public static final String STAGING_INFIX = ".tmp.";

    /** Before key and owner in the name of an image that is being formatted. */
    public static final String IN_FLIGHT_PREFIX = "template.img.in-flight.";

    private static final Pattern ENTRY = Pattern.compile(KEY, Pattern.DOTALL);

    private TemplateNames() {}

    /** Whether a directory by this name is a template, whatever is in it. */
    public static boolean isEntry(String name) {
        return ENTRY.matcher(name).matches() && !name.contains(STAGING_INFIX);
    }

    /** Whether something by this name belongs to templates: one, or staging of theirs or the original's. */
    public static boolean isTheirs(String name) {
        return ENTRY.matcher(name).matches() || name.contains(STAGING_INFIX) || name.startsWith(IN_FLIGHT_PREFIX);
    }
}
