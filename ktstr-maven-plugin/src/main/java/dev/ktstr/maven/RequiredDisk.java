package dev.ktstr.maven;

import dev.ktstr.disk.DiskSpec;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A disk template that a project needs, as its POM says it: {@code <disk>xfs:300M</disk>}, or an element for each part.
 * Maven fills it. Not for several threads.
 */
public final class RequiredDisk {
    private String filesystem = "ext4";
    private @Nullable String size;
    private @Nullable String label;
    private String formatter = "host";

    /** What an annotation without attributes asks for: ext4 of 512 MiB. */
    public RequiredDisk() {}

    /**
     * Takes the text of an element without elements in it, or of a property: a file system, or one with a size.
     *
     * @param text such as {@code xfs} or {@code xfs:300M}
     */
    public void set(String text) {
        int colon = text.indexOf(':');
        filesystem = (colon < 0 ? text : text.substring(0, colon)).strip();
        size = colon < 0 ? null : text.substring(colon + 1).strip();
    }

    /** The same, checked. */
    DiskNeed read() throws IOException {
        DiskSpec.Builder spec =
                DiskSpec.builder().filesystem(TemplateMaker.filesystem("a disk of ktstr.disks", filesystem));
        if (size != null) {
            spec.size(size);
        }
        if (label != null) {
            spec.label(label);
        }
        return new DiskNeed(spec.build(), TemplateMaker.formatter("formatter of a disk in ktstr.disks", formatter));
    }
}
