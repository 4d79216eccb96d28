package dev.ktstr.disk;

import dev.ktstr.ByteSizes;
import dev.ktstr.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What disk a test wants: by default ext4, 512 MiB, cloned the best way there is. Immutable. */
public final class DiskSpec {
    private static final long MEBIBYTE = 1L << 20;

    /** The original counts mebibytes in 32 bits, and so do names that it can read. */
    private static final long MAX_MEBIBYTES = 0xffff_ffffL;

    private final Builder values;

    private DiskSpec(Builder values) {
        this.values = new Builder(values);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The same disk, from another variant of the template: the n-th disk of equal spec in one test takes the n-th. */
    public DiskSpec withVariant(int number) throws DiskException {
        return new Builder(values).variant(number).build();
    }

    public Filesystem filesystem() {
        return values.filesystem;
    }

    /** In bytes: whole mebibytes. */
    public long size() {
        return values.size;
    }

    public Optional<String> label() {
        return Optional.ofNullable(values.label);
    }

    /** What the formatter is told besides. */
    public List<String> options() {
        return values.options;
    }

    /** From 1. */
    public int variant() {
        return values.variant;
    }

    public CloneMode cloneMode() {
        return values.cloneMode;
    }

    public DiskThrottle throttle() {
        return values.throttle;
    }

    long mebibytes() {
        return values.size / MEBIBYTE;
    }

    @Override
    public String toString() {
        return filesystem().text() + ", " + ByteSizes.format(size())
                + label().map(text -> ", label " + text).orElse("")
                + (options().isEmpty() ? "" : ", options " + String.join(" ", options()))
                + (variant() == 1 ? "" : ", variant " + variant());
    }

    /** Collects a spec. Not for several threads. */
    public static final class Builder {
        private Filesystem filesystem = Filesystem.EXT4;
        private long size = 512 * MEBIBYTE;
        private @Nullable String label;
        private List<String> options = List.of();
        private int variant = 1;
        private CloneMode cloneMode = CloneMode.AUTO;
        private DiskThrottle throttle = DiskThrottle.NONE;

        private Builder() {}

        private Builder(Builder other) {
            this.filesystem = other.filesystem;
            this.size = other.size;
            this.label = other.label;
            this.options = other.options;
            this.variant = other.variant;
            this.cloneMode = other.cloneMode;
            this.throttle = other.throttle;
        }

        public Builder filesystem(Filesystem kind) {
            this.filesystem = kind;
            return this;
        }

        /** In bytes; must be whole mebibytes. */
        public Builder size(long bytes) {
            this.size = bytes;
            return this;
        }

        /**
         * As people write it: {@code 256M}, {@code 1GiB}.
         *
         * @throws DiskException if it is no size
         */
        public Builder size(String text) throws DiskException {
            try {
                return size(ByteSizes.parse(text));
            } catch (IllegalArgumentException invalid) {
                throw invalid("size", String.valueOf(invalid.getMessage()), "write it like 256M or 1GiB");
            }
        }

        /** The file system's label. */
        public Builder label(String text) {
            this.label = text.isEmpty() ? null : text;
            return this;
        }

        /** What the formatter is told besides, such as {@code -O}, {@code ^has_journal}. */
        public Builder options(String... more) {
            this.options = List.of(more);
            return this;
        }

        /** From 1; each variant of a template has a UUID of its own, unless the options name one. */
        public Builder variant(int number) {
            this.variant = number;
            return this;
        }

        public Builder cloneMode(CloneMode mode) {
            this.cloneMode = mode;
            return this;
        }

        public Builder throttle(DiskThrottle limits) {
            this.throttle = limits;
            return this;
        }

        /**
         * The spec.
         *
         * @throws DiskException if there is no such disk
         */
        public DiskSpec build() throws DiskException {
            if (size <= 0 || size % MEBIBYTE != 0) {
                throw invalid(
                        "size",
                        size + " bytes are no whole number of MiB",
                        "take one of 1,048,576 bytes or a multiple, such as 256M");
            }
            if (size / MEBIBYTE > MAX_MEBIBYTES) {
                throw invalid("size", ByteSizes.format(size) + " is too large", "take less than 4 PiB");
            }
            if (size / MEBIBYTE < filesystem.minimumMebibytes()) {
                throw invalid(
                        "size",
                        filesystem.text() + " takes at least " + filesystem.minimumMebibytes() + " MiB, and this is "
                                + ByteSizes.format(size),
                        "take " + filesystem.minimumMebibytes() + "M or more; holes cost nothing");
            }
            if (variant < 1) {
                throw invalid("variant", variant + " is below 1", "count variants from 1");
            }
            if (options.stream().anyMatch(option -> option.indexOf('\0') >= 0)) {
                throw invalid("options", "one has a NUL in it", "leave it out");
            }
            if (filesystem == Filesystem.RAW && (label != null || !options.isEmpty())) {
                throw invalid("label and options", "a raw disk is not formatted", "leave them out");
            }
            if (label != null
                    && (label.getBytes(StandardCharsets.UTF_8).length > filesystem.longestLabel()
                            || label.chars().anyMatch(Character::isISOControl))) {
                throw invalid(
                        "label",
                        "it has more than the " + filesystem.longestLabel() + " bytes that " + filesystem.text()
                                + " takes, or control characters",
                        "take a short plain name");
            }
            return new DiskSpec(this);
        }

        private static DiskException invalid(String what, String why, String remedy) {
            return new DiskException(
                    ErrorCode.DISK_SPEC, "describing a disk: its " + what + " is not usable: " + why, null, remedy);
        }
    }
}
