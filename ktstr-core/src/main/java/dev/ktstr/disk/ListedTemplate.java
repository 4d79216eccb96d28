package dev.ktstr.disk;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A template, or what should be one.
 *
 * @param size of a disk cloned from it, in bytes; -1 if it is out of all bounds
 * @param allocated bytes on disk
 * @param madeAt when it was formatted; empty if nothing tells
 * @param problem why it cannot be used; empty if it can
 */
public record ListedTemplate(
        String key,
        Path directory,
        Filesystem filesystem,
        long size,
        long allocated,
        Optional<Instant> madeAt,
        Optional<String> problem) {}
