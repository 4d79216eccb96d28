package dev.ktstr.cache;

import dev.ktstr.publish.EntryFamily;
import dev.ktstr.publish.TemplateNames;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that kernels have in a root which disk templates may share: which keys are allowed, which directories are
 * ours, and what staging is called.
 */
final class KernelFamily implements EntryFamily {
    static final String METADATA = "metadata.json";
    static final String VMLINUX = "vmlinux";
    static final String CONFIG = "config";
    static final String MODULES = "modules";

    private static final String STAGING_PREFIX = ".tmp-";

    /** Ours ends in {@code <pid>.<8 hex>}, the original's in {@code <pid>}. */
    private static final Pattern STAGING = Pattern.compile("\\.tmp-(.+)-([0-9]{1,10})(\\.[0-9a-f]{8})?");

    /** A file name has 255 bytes (NAME_MAX), and {@code .tmp-<key>-<10 digits>.<8 hex>} must fit. */
    private static final int MAX_KEY_BYTES = 255 - STAGING_PREFIX.length() - 1 - 10 - 1 - 8;

    @Override
    public String stagingName(String key, String unique) {
        return STAGING_PREFIX + key + "-" + ProcessHandle.current().pid() + "." + unique;
    }

    @Override
    public Optional<String> keyOfStaging(String name, boolean isDirectory) {
        Matcher staging = STAGING.matcher(name);
        return isDirectory && staging.matches() && Long.parseLong(staging.group(2)) > 0 && isReadable(staging.group(1))
                ? Optional.of(staging.group(1))
                : Optional.empty();
    }

    @Override
    public String describe(String key) {
        return "cache entry \"" + key + "\"";
    }

    @Override
    public String definingFile() {
        return METADATA;
    }

    /** Whether a directory by this name in the root is a kernel's, whatever is in it. */
    boolean owns(String name) {
        return !name.startsWith(".") && !TemplateNames.isTheirs(name) && isDecoded(name);
    }

    /** Whether an entry by this key may be looked for: the rules that the original has, too. */
    boolean isReadable(String key) {
        return objection(key).isEmpty() && isDecoded(key);
    }

    /** Throws unless an entry may be stored under this key. */
    void requireStorable(String key) throws InvalidKeyException {
        Optional<String> objection = objection(key).or(() -> objectionToNew(key));
        if (objection.isPresent()) {
            throw new InvalidKeyException(key, objection.get());
        }
    }

    /** Throws unless an entry by this key may be looked for. */
    void requireReadable(String key) throws InvalidKeyException {
        Optional<String> objection = objection(key);
        if (objection.isPresent()) {
            throw new InvalidKeyException(key, objection.get());
        }
    }

    private static Optional<String> objection(String key) {
        if (key.isBlank()) {
            return Optional.of("it is empty or only white space");
        }
        if (key.contains("/") || key.contains("\\")) {
            return Optional.of("it contains path separators");
        }
        if (key.equals(".") || key.equals("..")) {
            return Optional.of("it is a directory reference");
        }
        if (key.contains("..")) {
            return Optional.of("it contains \"..\", which is a path traversal");
        }
        if (key.indexOf('\0') >= 0) {
            return Optional.of("it contains null bytes");
        }
        if (key.startsWith(STAGING_PREFIX)) {
            return Optional.of("it starts with the reserved prefix .tmp-");
        }
        if (key.startsWith(".")) {
            return Optional.of("it must not start with . because such names are bookkeeping");
        }
        try {
            return Path.of(key).isAbsolute() ? Optional.of("it is a path") : Optional.empty();
        } catch (InvalidPathException notAName) {
            return Optional.of("this JVM cannot make a file name of it (under a C locale it takes ASCII only)");
        }
    }

    private static Optional<String> objectionToNew(String key) {
        if (key.chars().anyMatch(Character::isISOControl)) {
            return Optional.of("it contains control characters");
        }
        if (!isDecoded(key)) {
            return Optional.of("it contains U+FFFD, which stands for bytes that are no text");
        }
        if (key.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
            return Optional.of("it is longer than " + MAX_KEY_BYTES + " bytes");
        }
        if (TemplateNames.isTheirs(key)) {
            return Optional.of("names of this form belong to disk templates");
        }
        if (key.startsWith("source-") || key.startsWith("git-builder-")) {
            return Optional.of("source-* and git-builder-* are the names of other locks");
        }
        return Optional.empty();
    }

    /** False for a name that the JVM could not decode: the replacement character stands for lost bytes. */
    private static boolean isDecoded(String name) {
        return name.indexOf('\uFFFD') < 0;
    }
}
