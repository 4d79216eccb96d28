package dev.ktstr.cache;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The object {@code jvm} in an entry's metadata: what this implementation records beyond the original. Sizes are in
 * bytes, checksums 64 hex digits, and both are of the files as stored.
 *
 * @param storedBy which version wrote it
 * @param release what {@code uname -r} says under this kernel, such as {@code 6.1.0-56-cloud-amd64}
 * @param sourceVmlinuxBuildId the GNU build id of the file that the stored {@code vmlinux} was made from
 * @param sourceVmlinuxKeptSha256 over what the strip keeps of it; only where there is no build id
 * @param strip {@code keep-list}, {@code debug-prefix}, or {@code none} for a file stored as it was; null without a
 *     {@code vmlinux}
 * @param modules {@code none}, {@code boot} or {@code all}
 * @param packages what it was unpacked from; empty when it was not
 * @param files every other stored file, by relative path, with its SHA-256
 * @param metadataSha256 over the metadata file itself with this value replaced by 64 zeros; null until it is written
 */
public record StoredDetails(
        String storedBy,
        String release,
        String imageSha256,
        long imageSize,
        @Nullable String vmlinuxSha256,
        @Nullable Long vmlinuxSize,
        @Nullable String sourceVmlinuxBuildId,
        @Nullable String sourceVmlinuxKeptSha256,
        @Nullable String strip,
        String modules,
        List<PackageId> packages,
        SortedMap<String, String> files,
        @Nullable String metadataSha256) {
    public StoredDetails {
        packages = List.copyOf(packages);
        files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    }
}
