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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * What happens between attempts: waiting for a lock file to be closed, or where that cannot be had, sleeping.
 *
 * <p>A release wakes everybody who listens, and one gets the lock. If all others listened again at once, a large crowd would
 * keep the processors busy with being woken for nothing. So whoever comes too late stays away for a random time, the longer
 * the more often it has come too late: however many wait, a few of them listen. Nobody is told how many there are.
 */
final class LockPauses implements AutoCloseable {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(50);

    /** After coming too late once: perhaps nobody was faster, for the event of a close comes just before the kernel drops the lock. */
    private static final long RETRY_NANOS = 30_000;

    private static final long AWAY_NANOS = 1_000_000;
    private static final long LONGEST_AWAY_NANOS = 32 * AWAY_NANOS;

    /** Where releases are this far apart there is time to wake everybody. And closes that were no releases are forgotten. */
    private static final long CALM_NANOS = 10_000_000;

    /** Whatever environment the lock is for: a user has few inotify instances. */
    private final Environment process = Environment.system();

    private final List<Path> files;
    private final Environment environment;
    private final EventSink events;
    private Optional<ReleaseWatch.Watch> watch = Optional.empty();
    private boolean started;
    private boolean woken;
    private int tooLate;
    private Duration pause = FIRST_PAUSE;

    /** @param files of which any may be released; they are there by the first pause */
    LockPauses(List<Path> files, Environment environment, EventSink events) {
        this.files = files;
        this.environment = environment;
        this.events = events;
    }

    /** The first one only starts the watch: the lock may have been released before there was one. */
    void next(Duration limit) throws KtstrException, InterruptedException {
        if (!started) {
            started = true;
            watch = watch();
        } else if (watch.isPresent() && woken) {
            stayAway(watch.get(), limit);
        } else if (watch.isPresent()) {
            listen(watch.get(), limit);
        } else {
            Duration length = Durations.min(pause, limit);
            Thread.sleep(length.toMillis(), length.toNanosPart() % 1_000_000);
            pause = Durations.min(pause.multipliedBy(2), LONGEST_PAUSE);
        }
    }

    private void listen(ReleaseWatch.Watch releases, Duration limit) throws OsException, InterruptedException {
        long start = process.nanoTime();
        woken = releases.await(Durations.min(LONGEST_PAUSE, limit));
        if (process.nanoTime() - start >= CALM_NANOS) {
            tooLate = 0;
        }
    }

    /** What is released meanwhile is for others; afterwards there is an attempt in any case. */
    private void stayAway(ReleaseWatch.Watch releases, Duration limit) throws OsException, InterruptedException {
        woken = false;
        tooLate++;
        long most = Math.min(LONGEST_AWAY_NANOS, AWAY_NANOS << Math.min(tooLate, 10));
        long away = tooLate == 1 ? RETRY_NANOS : ThreadLocalRandom.current().nextLong(most);
        LockSupport.parkNanos(Math.min(away, limit.toNanos()));
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        releases.skip();
    }

    private Optional<ReleaseWatch.Watch> watch() throws NativeAccessException {
        try {
            return Optional.of(process.remembered(ReleaseWatch.class, () -> new ReleaseWatch(process::nanoTime))
                    .on(files));
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
                events.accept(new KtstrEvent.Warning("could not stop watching " + files + ": " + failed.problem()));
            }
        }
    }
}
