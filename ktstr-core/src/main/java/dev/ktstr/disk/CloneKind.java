package dev.ktstr.disk;

/** How a test's disk was made. */
public enum CloneKind {
    /** It shares its blocks with the template. */
    REFLINK,
    /** It has a copy of the template's data; holes stayed holes. */
    COPY,
    /** It was made empty: a raw disk has no template. */
    EMPTY
}
