package dev.ktstr.disk;

import dev.ktstr.publish.EntryFamily;
import dev.ktstr.publish.TemplateNames;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names that disk templates have in a root which kernels may share. */
final class TemplateFamily implements EntryFamily {
    static final String IMAGE = "template.img";

    /** Ours ends in {@code <pid>-<8 hex>}, the original's in {@code <pid>}. */
    private static final String OWNER = "([0-9]{1,10})(?:-[0-9a-f]{8})?";

    private static final Pattern STAGING =
            Pattern.compile("(" + TemplateNames.KEY + ")" + Pattern.quote(TemplateNames.STAGING_INFIX) + OWNER);
    private static final Pattern IN_FLIGHT =
            Pattern.compile(Pattern.quote(TemplateNames.IN_FLIGHT_PREFIX) + "(" + TemplateNames.KEY + ")\\." + OWNER);

    @Override
    public String describe(String key) {
        return "disk template \"" + key + "\"";
    }

    @Override
    public String stagingName(String key, String unique) {
        return key + TemplateNames.STAGING_INFIX + ProcessHandle.current().pid() + "-" + unique;
    }

    /** What the formatter writes to, before it is known to be good. */
    String inFlightName(String key, String unique) {
        return TemplateNames.IN_FLIGHT_PREFIX + key + "."
                + ProcessHandle.current().pid() + "-" + unique;
    }

    @Override
    public Optional<String> keyOfStaging(String name, boolean isDirectory) {
        Matcher staging = (isDirectory ? STAGING : IN_FLIGHT).matcher(name);
        return staging.matches() && Long.parseLong(staging.group(2)) > 0
                ? Optional.of(staging.group(1))
                : Optional.empty();
    }

    @Override
    public String definingFile() {
        return IMAGE;
    }
}
