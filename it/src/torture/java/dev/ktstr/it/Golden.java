package dev.ktstr.it;

import dev.ktstr.cache.KernelMetadata;
import dev.ktstr.cache.KernelSource;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the metadata of an entry says that the original has written; all of it is in {@code src/torture/resources/shared}.
 *
 * @param type of its source
 * @param source null for one of a type that is none of ours
 * @param kconfig its status towards {@code deadbeef}
 * @param stripped null without a vmlinux
 * @param more whether there are modules and a configuration, which old versions do not store
 */
record Golden(
        String key,
        @Nullable String version,
        String type,
        @Nullable KernelSource source,
        @Nullable String configHash,
        String kconfig,
        @Nullable Boolean stripped,
        boolean more) {
    static final List<Golden> NEWEST_FIRST = List.of(
            new Golden("from-the-future", "7.0", "oci", null, "0a1b2c3d", "matches", null, false),
            new Golden("6.12.9-distro-x86_64-kcdeadbeef", "6.12.9", "distropackage", null, "", "stale", true, true),
            new Golden("local-package-aarch64", "6.15-rc3", "localpackage", null, null, "untracked", null, false),
            new Golden(
                    "local-0123abc-x86_64-cfg0a1b2c3d-kcdeadbeef-xkc00c0ffee",
                    null,
                    "local",
                    new KernelSource.Local("/home/user/linux", "0123abc"),
                    "0a1b2c3d",
                    "matches",
                    false,
                    false),
            new Golden(
                    "6.14.1-git-a1b2c3d-x86_64-kcdeadbeef",
                    "6.14.1",
                    "git",
                    new KernelSource.Git("a1b2c3d", "v6.14.1"),
                    "0a1b2c3d",
                    "matches",
                    true,
                    false),
            new Golden(
                    "6.14.0-tarball-x86_64",
                    "6.14.0",
                    "tarball",
                    new KernelSource.Tarball(),
                    "0a1b2c3d",
                    "matches",
                    null,
                    false),
            new Golden(
                    "only-what-is-required",
                    null,
                    "git",
                    new KernelSource.Git(null, null),
                    null,
                    "untracked",
                    null,
                    false));

    boolean isSaidBy(KernelMetadata metadata) {
        return metadata.source().type().equals(type)
                && (source == null || metadata.source().equals(source))
                && metadata.jvm() == null
                && Objects.equals(metadata.version(), version)
                && Objects.equals(metadata.configHash(), configHash)
                && metadata.kconfigStatus("deadbeef").text().equals(kconfig)
                && metadata.hasVmlinux() == (stripped != null)
                && metadata.vmlinuxStripped() == Boolean.TRUE.equals(stripped);
    }

    /** Whoever looks it up is warned of that. */
    boolean isUnstripped() {
        return Boolean.FALSE.equals(stripped);
    }
}
