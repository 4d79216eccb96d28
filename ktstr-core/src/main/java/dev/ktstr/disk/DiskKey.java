package dev.ktstr.disk;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The names of templates: {@code <fs>-<MiB>m-<fingerprint>[-o<options>][-u<variant>]}. */
final class DiskKey {
    private static final int OPTIONS_DIGITS = 8;

    private DiskKey() {}

    static String of(DiskSpec spec, String fingerprint) {
        return prefix(spec) + fingerprint + suffix(spec);
    }

    /** What is before the fingerprint. */
    static String prefix(DiskSpec spec) {
        return spec.filesystem().text() + "-" + spec.mebibytes() + "m-";
    }

    /** What is behind it; empty for the first variant of a disk without options and label, so that it is the original's key. */
    static String suffix(DiskSpec spec) {
        String options = spec.options().isEmpty() && spec.label().isEmpty() ? "" : "-o" + options(spec);
        return options + (spec.variant() == 1 ? "" : "-u" + spec.variant());
    }

    private static String options(DiskSpec spec) {
        MessageDigest digest = sha256();
        for (String option : spec.options()) {
            add(digest, option);
        }
        add(digest, spec.label().orElse(""));
        return HexFormat.of().formatHex(digest.digest()).substring(0, OPTIONS_DIGITS);
    }

    private static void add(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
