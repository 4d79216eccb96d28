package dev.ktstr.it;

import dev.ktstr.cache.ListedEntry;
import org.jspecify.annotations.Nullable;

/** An entry that cannot be used: what its metadata is, and why that is none. */
enum Unusable {
    NO_METADATA(null, "missing", "metadata.json missing"),
    /** In whose place there is a directory. */
    NO_FILE(null, "unreadable", "metadata.json unreadable: "),
    NO_TEXT("\u00ff", "unreadable", "metadata.json unreadable: "),
    EMPTY("", "truncated", "metadata.json truncated: "),
    CUT_OFF("{\"source\":", "truncated", "metadata.json truncated: "),
    NO_JSON("not valid json {[", "malformed", "metadata.json malformed: "),
    MORE_BEHIND("{\"a\":1} x", "malformed", "metadata.json malformed: "),
    NO_OBJECT("[]", "schema_drift", "metadata.json schema drift: "),
    NULL("null", "schema_drift", "metadata.json schema drift: "),
    NO_SOURCE("{\"version\":\"6.14\"}", "schema_drift", "metadata.json schema drift: missing field `source`"),
    NO_IMAGE(whole("bzImage", "false"), "image_missing", "image file bzImage missing from entry directory"),
    IMAGE_ELSEWHERE(whole("../6.14.0-tarball-x86_64/bzImage", "false"), "schema_drift", "metadata.json schema drift: "),
    NO_FLAG(whole("bzImage", "\"yes\""), "schema_drift", "metadata.json schema drift: "),
    TWICE(whole("bzImage", "false,\"has_vmlinux\":true"), "schema_drift", "metadata.json schema drift: "),
    NEGATIVE_SIZE(whole("bzImage", "false,\"source_vmlinux_size\":-1"), "schema_drift", "metadata.json schema drift: ");

    final @Nullable String metadata;

    private final String errorKind;
    private final String reason;

    /**
     * @param metadata of one byte per character; null for none
     * @param reason what it begins with
     */
    Unusable(@Nullable String metadata, String errorKind, String reason) {
        this.metadata = metadata;
        this.errorKind = errorKind;
        this.reason = reason;
    }

    private static String whole(String imageName, String hasVmlinux) {
        return """
                {"source":{"type":"tarball"},"arch":"x86_64","image_name":"%s","built_at":"2026-01-01T00:00:00Z",\
                "vmlinux_stripped":false,"has_vmlinux":%s}""".formatted(imageName, hasVmlinux);
    }

    boolean isToldBy(ListedEntry.Corrupt corrupt) {
        return corrupt.errorKind().text().equals(errorKind) && corrupt.reason().startsWith(reason);
    }
}
