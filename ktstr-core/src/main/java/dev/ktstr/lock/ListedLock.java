package dev.ktstr.lock;

import java.nio.file.Path;
import java.util.List;

/**
 * A lock file that is there, held or not.
 *
 * @param name what of the file's name tells it from others, such as a cache key
 * @param holders empty if nobody holds it, as far as can be seen
 */
public record ListedLock(String name, Path lockFile, List<LockHolder> holders) {
    public ListedLock {
        holders = List.copyOf(holders);
    }
}
