package dev.ktstr.maven;

import dev.ktstr.disk.DiskTemplates;
import java.io.IOException;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Removes disk templates that nobody uses at this moment, and disks and images that interrupted work left behind. Needs
 * <code>all</code>; without it, it only says which templates it would remove. Disks of running tests stay as they are.
 *
 * @since 0.1.0
 */
@Mojo(name = "disk-clean", requiresProject = false, threadSafe = true)
public final class DiskCleanMojo extends AbstractCleanMojo {

    @Override
    void run() throws IOException {
        DiskTemplates templates = templates();
        tell(templates.clean(dryRun() || !all()), "the disk templates", templates.root(), "-Dktstr.all");
    }
}
