package dev.ktstr.cache;

/**
 * A distribution package that an entry was made from.
 *
 * @param sha256 of the package file, 64 hex digits
 */
public record PackageId(String name, String version, String arch, String sha256) {}
