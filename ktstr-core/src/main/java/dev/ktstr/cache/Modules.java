package dev.ktstr.cache;

import java.util.Locale;

/** Which of a kernel's modules an entry has. */
public enum Modules {
    /** None. */
    NONE,
    /**
     * What a virtual machine needs to find its disks, to talk to its host, and to mount the usual file systems, with
     * everything these depend on.
     */
    BOOT,
    /** Those of {@link #BOOT}, and all of them as a tree with a {@code modules.dep}. */
    ALL;

    /** As the metadata and the goals say it: {@code none}, {@code boot} or {@code all}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
