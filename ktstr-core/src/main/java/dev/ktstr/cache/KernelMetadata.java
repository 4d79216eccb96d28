package dev.ktstr.cache;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@code metadata.json} says. The fields, their order and their meaning are shared with the original.
 *
 * @param version the upstream version such as {@code 6.1.192} where known, else the release
 * @param arch {@code x86_64} or {@code aarch64}
 * @param imageName the boot image's file name in the entry
 * @param configHash CRC-32 of the {@code .config}, eight hex digits
 * @param builtAt when it was stored: ISO 8601
 * @param ktstrKconfigHash CRC-32 of the built-in kconfig fragment it was built with
 * @param extraKconfigHash CRC-32 of the user's own fragment
 * @param vmlinuxStripped whether {@code vmlinux} came out of the strip; false for one that was stored as it was
 * @param sourceVmlinuxSize bytes of the {@code vmlinux} that was given
 * @param sourceVmlinuxMtimeSecs its modification time, whole seconds since 1970
 * @param jvm what this implementation adds; null in entries of the original
 * @param json the text this was read from, null if it was not: unknown fields in it survive a rewrite
 */
public record KernelMetadata(
        @Nullable String version,
        KernelSource source,
        String arch,
        String imageName,
        @Nullable String configHash,
        String builtAt,
        @Nullable String ktstrKconfigHash,
        @Nullable String extraKconfigHash,
        boolean hasVmlinux,
        boolean vmlinuxStripped,
        @Nullable Long sourceVmlinuxSize,
        @Nullable Long sourceVmlinuxMtimeSecs,
        @Nullable StoredDetails jvm,
        @Nullable String json) {

    /** How the fragment an entry was built with relates to another one. */
    public enum KconfigStatus {
        MATCHES("matches"),
        STALE("stale"),
        UNTRACKED("untracked");

        private final String text;

        KconfigStatus(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** {@link #builtAt} as a moment; empty if it is not ISO 8601 with an offset. */
    public Optional<Instant> builtAtInstant() {
        try {
            return Optional.of(OffsetDateTime.parse(builtAt).toInstant());
        } catch (DateTimeException freeText) {
            return Optional.empty();
        }
    }

    /**
     * Untracked without a recorded hash, whatever {@code currentHash} is; else whether they are equal.
     *
     * @param currentHash of the fragment a kernel would be built with now; null if there is none
     */
    public KconfigStatus kconfigStatus(@Nullable String currentHash) {
        if (ktstrKconfigHash == null) {
            return KconfigStatus.UNTRACKED;
        }
        return ktstrKconfigHash.equals(currentHash) ? KconfigStatus.MATCHES : KconfigStatus.STALE;
    }
}
