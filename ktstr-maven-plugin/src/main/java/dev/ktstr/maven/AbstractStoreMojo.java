package dev.ktstr.maven;

import dev.ktstr.event.KtstrEvent;
import java.io.IOException;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** A goal that may take long over storing a kernel, and says meanwhile how far it is. */
abstract class AbstractStoreMojo extends AbstractKtstrMojo {
    @Parameter(defaultValue = "${settings.interactiveMode}", readonly = true)
    private boolean interactive;

    private @Nullable Progress progress;

    /** Runs with a meter, whose last line is gone afterwards. */
    @Override
    final void run() throws IOException {
        try (Progress meter = Progress.of(getLog().isInfoEnabled(), interactive, getLog()::info)) {
            progress = meter;
            run(meter);
        }
    }

    /** The goal itself. */
    abstract void run(Progress meter) throws IOException;

    /** A line that moves would be left in the log. */
    @Override
    void report(KtstrEvent event) {
        if (progress != null) {
            progress.clear();
        }
        super.report(event);
    }
}
