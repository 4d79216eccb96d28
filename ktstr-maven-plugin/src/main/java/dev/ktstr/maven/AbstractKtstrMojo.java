package dev.ktstr.maven;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.event.KtstrEvent;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** What all goals share: the cache directory, skipping, and the one place where failures become Maven's. */
abstract class AbstractKtstrMojo extends AbstractMojo {
    /**
     * The cache directory, of kernels, disk templates and what virtual machines start with. Without it <code>KTSTR_CACHE_DIR</code>, else
     * <code>$XDG_CACHE_HOME/ktstr</code>, else <code>$HOME/.cache/ktstr</code>; in these two kernels are under
     * <code>kernels</code>, and templates under <code>disk_templates</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.cacheDir")
    private @Nullable File cacheDir;

    /**
     * Whether to do nothing.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.skip", defaultValue = "false")
    private boolean skip;

    @Override
    public final void execute() throws MojoExecutionException, MojoFailureException {
        if (skip) {
            getLog().info("skipped: ktstr.skip is set");
            return;
        }
        try {
            run();
        } catch (KtstrException failure) {
            // A paragraph of its own: Maven puts the goal's name in front of it.
            String message = "\n\n" + failure.getMessage() + "\n";
            if (failure.code().kind() == ErrorCode.Kind.MISTAKE) {
                throw new MojoFailureException(message);
            }
            throw new MojoExecutionException(message, failure);
        } catch (IOException failure) {
            GoalException coded = new GoalException(
                    ErrorCode.OS_CALL,
                    "reading or writing the cache: " + failure,
                    null,
                    "check the path, the permissions and the free space there, and the kernel's log (dmesg)");
            throw new MojoExecutionException("\n\n" + coded.getMessage() + "\n", failure);
        }
    }

    /** The goal itself. */
    abstract void run() throws IOException;

    /** With the cache directory that was asked for, which all families of entries share. */
    Environment environment() {
        return cacheDir == null
                ? Environment.system()
                : Environment.system().withVariable("KTSTR_CACHE_DIR", cacheDir.getAbsolutePath());
    }

    /** Whether it was asked for by property or in the POM. */
    boolean hasCacheDir() {
        return cacheDir != null;
    }

    KernelCache cache() throws KtstrException {
        return KernelCache.open(environment(), this::report);
    }

    DiskTemplates templates() throws KtstrException {
        return DiskTemplates.open(environment()).withEvents(this::report);
    }

    /** Parses a duration, naming the property when it is none. */
    static Duration duration(String property, String text) throws KtstrException {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException invalid) {
            throw new GoalException(
                    ErrorCode.ENV_SETTING,
                    "reading " + property + ": " + invalid.getMessage(),
                    null,
                    Durations.EXAMPLES);
        }
    }

    void report(KtstrEvent event) {
        String message = Printable.lines(event.message());
        if (event.isWarning()) {
            getLog().warn(message);
        } else if (event instanceof KtstrEvent.Published) {
            getLog().debug(message);
        } else {
            getLog().info(message);
        }
    }
}
