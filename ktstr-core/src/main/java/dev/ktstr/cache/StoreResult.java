package dev.ktstr.cache;

import dev.ktstr.elf.StripReport;
import java.util.Optional;

/**
 * What a store did.
 *
 * @param strip what was done to {@code vmlinux}; empty when nothing was stored, when there is none, or when it could
 *     not be stripped and was stored as it is
 */
public record StoreResult(KernelEntry entry, Outcome outcome, Optional<StripReport> strip) {
    /** Whether anything changed. */
    public enum Outcome {
        /** There was no entry by this key. */
        STORED,
        /** There was another one. */
        REPLACED,
        /** The same kernel was there; nothing was copied. */
        ALREADY_STORED
    }
}
