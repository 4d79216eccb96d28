package dev.ktstr.cache;

import java.util.Locale;

/** Why an entry is corrupt, as a word for programs. It is derived from the reason's text. */
public enum ErrorKind {
    MISSING,
    UNREADABLE,
    SCHEMA_DRIFT,
    MALFORMED,
    TRUNCATED,
    PARSE_ERROR,
    IMAGE_MISSING,
    UNKNOWN;

    static final String MISSING_REASON = "metadata.json missing";
    private static final String IMAGE_PREFIX = "image file ";
    private static final String IMAGE_SUFFIX = " missing from entry directory";

    /** The word in JSON, such as {@code schema_drift}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What the reason of a metadata file begins with; the detail follows. */
    String prefix() {
        return switch (this) {
            case UNREADABLE -> "metadata.json unreadable: ";
            case SCHEMA_DRIFT -> "metadata.json schema drift: ";
            case MALFORMED -> "metadata.json malformed: ";
            case TRUNCATED -> "metadata.json truncated: ";
            case PARSE_ERROR -> "metadata.json parse error: ";
            case MISSING, IMAGE_MISSING, UNKNOWN -> throw new IllegalStateException(this + " has no prefix");
        };
    }

    static String imageMissing(String imageName) {
        return IMAGE_PREFIX + imageName + IMAGE_SUFFIX;
    }

    /** The kind of a reason; {@link #UNKNOWN} for any text that is not one of the known forms. */
    public static ErrorKind of(String reason) {
        if (reason.equals(MISSING_REASON)) {
            return MISSING;
        }
        for (ErrorKind kind : new ErrorKind[] {UNREADABLE, SCHEMA_DRIFT, MALFORMED, TRUNCATED, PARSE_ERROR}) {
            if (reason.startsWith(kind.prefix())) {
                return kind;
            }
        }
        boolean image = reason.startsWith(IMAGE_PREFIX)
                && reason.endsWith(IMAGE_SUFFIX)
                && reason.length() > IMAGE_PREFIX.length() + IMAGE_SUFFIX.length();
        return image ? IMAGE_MISSING : UNKNOWN;
    }
}
