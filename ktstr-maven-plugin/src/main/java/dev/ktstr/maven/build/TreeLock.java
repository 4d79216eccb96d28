package dev.ktstr.maven.build;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.SourceTree;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.lock.LockUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A source tree, held. */
public final class TreeLock implements AutoCloseable {
    /** How long to wait for a tree, unless told otherwise: builds are long. */
    public static final Duration TIMEOUT = Duration.ofHours(2);

    /** Of the original, where it means all locks of a build. */
    private static final String BYPASS = "KTSTR_BYPASS_LLC_LOCKS";

    private final @Nullable LockGuard guard;

    private TreeLock(@Nullable LockGuard guard) {
        this.guard = guard;
    }

    /** Against everybody else, to build in it. */
    static TreeLock forBuilding(KernelCache cache, SourceTree tree, Environment environment, Duration timeout)
            throws IOException {
        return isBypassed(environment)
                ? new TreeLock(null)
                : new TreeLock(cache.sourceLock(tree).acquire(FlockMode.EXCLUSIVE, timeout));
    }

    /** Against builds, to copy from it. Where no lock file can be made nobody can build under one, and none is taken. */
    public static TreeLock forReading(KernelCache cache, Path tree, Environment environment, Duration timeout)
            throws IOException {
        if (isBypassed(environment)) {
            return new TreeLock(null);
        }
        try {
            return new TreeLock(cache.sourceLock(SourceTree.of(tree)).acquire(FlockMode.SHARED, timeout));
        } catch (LockUnavailableException readOnly) {
            if (readOnly.code() != ErrorCode.LOCK_ABSENT) {
                throw readOnly;
            }
            return new TreeLock(null);
        }
    }

    @Override
    public void close() throws IOException {
        if (guard != null) {
            guard.close();
        }
    }

    private static boolean isBypassed(Environment environment) throws IOException {
        return environment.variable(BYPASS).isPresent();
    }
}
