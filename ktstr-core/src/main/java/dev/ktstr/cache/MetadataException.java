package dev.ktstr.cache;

/** Metadata that cannot be read; becomes the reason of a {@link ListedEntry.Corrupt}. */
final class MetadataException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    MetadataException(ErrorKind kind, String detail) {
        super(kind.prefix() + detail);
        this.reason = kind.prefix() + detail;
    }

    String reason() {
        return reason;
    }
}
