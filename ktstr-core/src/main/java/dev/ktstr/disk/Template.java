package dev.ktstr.disk;

import java.nio.file.Path;

/** A formatted disk that test disks are cloned from. It may be removed at any moment; disks cloned from it stay. */
public record Template(String key, Path image) {}
