package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.Template;
import dev.ktstr.os.FileStat;
import java.io.IOException;
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
     * Who formats: <code>host</code>, this machine's own mkfs on the image; or <code>vm</code>, the same program in a virtual
     * machine, under a stored kernel. Both make the same template.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.formatter", defaultValue = HOST)
    private String formatter = HOST;

    /**
     * Which stored kernel formats, if a virtual machine does: a key, a version such as <code>6.12</code>, a range, or
     * <code>latest</code>. Without it the variable <code>KTSTR_KERNEL</code>, else <code>latest</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.kernel")
    private @Nullable String kernel;

    @Override
    void run() throws IOException {
        DiskSpec spec = spec();
        TemplateMaker.Formatter who = TemplateMaker.formatter("ktstr.formatter", formatter);
        TemplateMaker.Made made = new TemplateMaker(environment(), this::report, getLog()).ensure(spec, who, kernel);
        Template template = made.template();
        long allocated = FileStat.of(template.image()).map(FileStat::allocated).orElse(0L);
        getLog().info((made.isNew() ? "formatted " : "already there: ") + template.key());
        getLog().info("  disk   " + spec);
        getLog().info("  image  " + template.image() + " (" + ByteSizes.format(allocated) + " on disk)");
    }

    private DiskSpec spec() throws IOException {
        DiskSpec.Builder spec = DiskSpec.builder()
                .filesystem(TemplateMaker.filesystem("ktstr.filesystem", filesystem))
                .size(size)
                .variant(variant);
        if (label != null) {
            spec.label(label);
        }
        return spec.build();
    }
}
