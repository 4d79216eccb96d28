package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A disk template that a project needs, as its POM says it: {@code <disk>xfs:300M</disk>}, or an element for each part.
 * Maven fills it. Not for several threads.
 */
public final class RequiredDisk {
    private static final String DEFAULT_FILESYSTEM = "ext4";

    private @Nullable String filesystem;
    private @Nullable String size;
    private @Nullable String label;
    private String formatter = "host";

    /** One that nothing is said of yet. */
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

    /** The same, checked; ext4 of 512 MiB is what an annotation without attributes asks for. */
    DiskNeed read() throws IOException {
        if (filesystem == null && size == null && label == null) {
            throw refused(
                    ErrorCode.REQUEST_CONTRADICTORY, "it is empty", "give a file system and a size, such as ext4:256M");
        }
        try {
            String kind = filesystem == null ? DEFAULT_FILESYSTEM : filesystem;
            if (!kind.matches("\\w+")) {
                throw refused(
                        ErrorCode.ENV_SETTING,
                        "\"" + kind + "\" is no file system",
                        "write file system and size like ext4:256M; what else it is to have, in elements");
            }
            DiskSpec.Builder spec =
                    DiskSpec.builder().filesystem(TemplateMaker.filesystem("a disk of ktstr.disks", kind));
            if (size != null) {
                spec.size(size);
            }
            if (label != null) {
                spec.label(label);
            }
            return new DiskNeed(spec.build(), TemplateMaker.formatter("formatter of a disk in ktstr.disks", formatter));
        } catch (DiskException impossible) {
            throw refused(impossible.code(), impossible.problem(), impossible.remedy());
        }
    }

    private GoalException refused(ErrorCode code, String why, String remedy) {
        String which = filesystem == null ? "" : " \"" + filesystem + (size == null ? "" : ":" + size) + "\"";
        return new GoalException(code, "reading disk" + which + " of ktstr.disks: " + why, null, remedy);
    }
}
