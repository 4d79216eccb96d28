package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.ErrorCode;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.Template;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Makes sure that there is a formatted template for test disks, so that the first test need not wait for it. Asked for
 * the same again, it does nothing.
 *
 * @since 0.1.0
 */
@Mojo(
        name = "disk-template",
        requiresProject = false,
        threadSafe = true,
        defaultPhase = LifecyclePhase.GENERATE_TEST_RESOURCES)
public final class DiskTemplateMojo extends AbstractKtstrMojo {
    private static final String HOST = "host";

    /**
     * What to format with: <code>ext4</code>, <code>xfs</code> or <code>btrfs</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.filesystem", defaultValue = "ext4")
    private String filesystem = "ext4";

    /**
     * The disk's size, such as <code>512M</code> or <code>1GiB</code>: a whole number of MiB.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.size", defaultValue = "512M")
    private String size = "512M";

    /**
     * The file system's label; none without it.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.label")
    private @Nullable String label;

    /**
     * Which variant of the template, counted from 1. Each has a UUID of its own; the n-th disk of equal size, file system
     * and label in one test comes from the n-th.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.variant", defaultValue = "1")
    private int variant = 1;

    /**
     * Who formats. Only <code>host</code>, this machine's own mkfs, is possible so far.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.formatter", defaultValue = HOST)
    private String formatter = HOST;

    @Override
    void run() throws IOException {
        if (!formatter.equals(HOST)) {
            throw new GoalException(
                    ErrorCode.ENV_SETTING,
                    "reading ktstr.formatter: \"" + formatter + "\" is not possible"
                            + (formatter.equals("vm") ? " yet: this version formats on the host only" : ""),
                    null,
                    "set it to host, or leave it out: this machine's mkfs formats, without privileges");
        }
        DiskSpec spec = spec();
        AtomicBoolean made = new AtomicBoolean();
        DiskTemplates templates = templates();
        Template template = templates
                .withEvents(event -> {
                    if (event instanceof KtstrEvent.Published) {
                        made.set(true);
                    }
                    report(event);
                })
                .ensure(spec);
        long allocated = FileStat.of(template.image()).map(FileStat::allocated).orElse(0L);
        getLog().info((made.get() ? "formatted " : "already there: ") + template.key());
        getLog().info("  disk   " + spec);
        getLog().info("  image  " + template.image() + " (" + ByteSizes.format(allocated) + " on disk)");
    }

    private DiskSpec spec() throws IOException {
        DiskSpec.Builder spec = DiskSpec.builder().filesystem(kind()).size(size).variant(variant);
        if (label != null) {
            spec.label(label);
        }
        return spec.build();
    }

    private Filesystem kind() throws GoalException {
        for (Filesystem each : Filesystem.values()) {
            if (each != Filesystem.RAW && each.text().equals(filesystem.toLowerCase(Locale.ROOT))) {
                return each;
            }
        }
        throw new GoalException(
                ErrorCode.ENV_SETTING,
                "reading ktstr.filesystem: \"" + filesystem + "\" is no file system that disks are formatted with",
                null,
                "take ext4, xfs or btrfs");
    }
}
