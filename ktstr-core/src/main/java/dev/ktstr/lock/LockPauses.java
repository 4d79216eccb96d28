package dev.ktstr.lock;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.NativeAccessException;
import dev.ktstr.os.OsException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** What happens between attempts: waiting for the lock file to be closed, or where that cannot be had, sleeping. */
final class LockPauses implements AutoCloseable {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(50);

    private final Path file;
    private final Environment environment;
    private final EventSink events;
    private Optional<ReleaseWatch.Watch> watch = Optional.empty();
    private boolean started;
    private Duration pause = FIRST_PAUSE;

    LockPauses(Path file, Environment environment, EventSink events) {
        this.file = file;
        this.environment = environment;
        this.events = events;
    }

    /** The first one only starts the watch: the lock may have been released before there was one. */
    void next(Duration limit) throws KtstrException, InterruptedException {
        if (!started) {
            started = true;
            watch = watch();
        } else if (watch.isPresent()) {
            watch.get().await(Durations.min(LONGEST_PAUSE, limit));
        } else {
            Duration length = Durations.min(pause, limit);
            Thread.sleep(length.toMillis(), length.toNanosPart() % 1_000_000);
            pause = Durations.min(pause.multipliedBy(2), LONGEST_PAUSE);
        }
    }

    private Optional<ReleaseWatch.Watch> watch() throws NativeAccessException {
        try {
            // Of the process, whatever environment this is: a user has few inotify instances.
            Environment process = Environment.system();
            return Optional.of(process.remembered(ReleaseWatch.class, () -> new ReleaseWatch(process::nanoTime))
                    .on(file));
        } catch (OsException none) {
            if (environment.firstTime("no inotify")) {
                events.accept(new KtstrEvent.Warning("waiting for locks by looking again every "
                        + Durations.format(LONGEST_PAUSE) + ", because releases cannot be watched: "
                        + none.problem() + " (sysctl fs.inotify.max_user_instances, max_user_watches)"));
            }
            return Optional.empty();
        }
    }

    /** Does not throw: by now the lock may have been granted, and its guard would be lost. */
    @Override
    public void close() {
        if (watch.isPresent()) {
            try {
                watch.get().close();
            } catch (OsException failed) {
                events.accept(new KtstrEvent.Warning("could not stop watching " + file + ": " + failed.problem()));
            }
        }
    }
}
