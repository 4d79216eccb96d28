package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What to store, and how. The files are copied, never moved. Immutable. */
public final class StoreRequest {
    /** Where the files come from, as derived keys say it. */
    enum Origin {
        FILES("files"),
        TREE("tree");

        private final String text;

        Origin(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    private final Builder values;

    private StoreRequest(Builder values) {
        this.values = new Builder(values);
    }

    /** A request for files; at least {@link Builder#image} must be given. */
    public static Builder builder() {
        return new Builder(Origin.FILES);
    }

    /**
     * A request for what has been built in a kernel source tree: boot image, {@code vmlinux}, {@code .config} and the
     * commit it stands at. Each can be given otherwise afterwards.
     *
     * @throws StoreException if nothing has been built there
     * @throws IOException if git was started and could not be talked to
     */
    public static Builder forTree(Path tree) throws IOException {
        KernelTree built = KernelTree.open(tree);
        Builder builder = new Builder(Origin.TREE).image(built.image()).source(built.source());
        built.vmlinux().ifPresent(builder::vmlinux);
        built.config().ifPresent(builder::config);
        return builder;
    }

    Origin origin() {
        return values.origin;
    }

    Optional<String> key() {
        return Optional.ofNullable(values.key);
    }

    Path image() {
        return Objects.requireNonNull(values.image);
    }

    Optional<Path> vmlinux() {
        return Optional.ofNullable(values.vmlinux);
    }

    Optional<Path> config() {
        return Optional.ofNullable(values.config);
    }

    Optional<String> kernelVersion() {
        return Optional.ofNullable(values.kernelVersion);
    }

    KernelSource source() {
        return values.source;
    }

    boolean replace() {
        return values.replace;
    }

    Optional<Duration> lockTimeout() {
        return Optional.ofNullable(values.lockTimeout);
    }

    /** Collects a request. Not for several threads. */
    public static final class Builder {
        private final Origin origin;
        private @Nullable String key;
        private @Nullable Path image;
        private @Nullable Path vmlinux;
        private @Nullable Path config;
        private @Nullable String kernelVersion;
        private KernelSource source = new KernelSource.Local(null, null);
        private boolean replace;
        private @Nullable Duration lockTimeout;

        private Builder(Origin origin) {
            this.origin = origin;
        }

        private Builder(Builder other) {
            this.origin = other.origin;
            this.key = other.key;
            this.image = other.image;
            this.vmlinux = other.vmlinux;
            this.config = other.config;
            this.kernelVersion = other.kernelVersion;
            this.source = other.source;
            this.replace = other.replace;
            this.lockTimeout = other.lockTimeout;
        }

        /** The entry's name; without it, {@code <release>-<files|tree>-<arch>-<first 8 hex of the image's SHA-256>}. */
        public Builder key(String name) {
            this.key = name;
            return this;
        }

        /** The boot image: a bzImage, or an uncompressed arm64 Image. */
        public Builder image(Path file) {
            this.image = file;
            return this;
        }

        /** The kernel's ELF file, with symbols and BTF; it is stored stripped. */
        public Builder vmlinux(Path file) {
            this.vmlinux = file;
            return this;
        }

        /** The final {@code .config}. */
        public Builder config(Path file) {
            this.config = file;
            return this;
        }

        /** The upstream version, where the files do not tell, or not what you want to call it. */
        public Builder kernelVersion(String version) {
            this.kernelVersion = version;
            return this;
        }

        public Builder source(KernelSource origin) {
            this.source = origin;
            return this;
        }

        /** Whether to store also what is stored already. */
        public Builder replace(boolean always) {
            this.replace = always;
            return this;
        }

        /**
         * How long to wait for whoever uses the entry that is to be replaced; else
         * {@code KTSTR_CACHE_STORE_LOCK_TIMEOUT}, else 300 s.
         */
        public Builder lockTimeout(Duration limit) {
            this.lockTimeout = limit;
            return this;
        }

        /**
         * The request.
         *
         * @throws KtstrException if there is no image
         */
        public StoreRequest build() throws KtstrException {
            if (image == null) {
                throw new StoreException(
                        ErrorCode.INPUT_UNUSABLE,
                        "storing a kernel: no boot image was given",
                        null,
                        "name one: the distribution's vmlinuz, or arch/x86/boot/bzImage of a built tree");
            }
            return new StoreRequest(this);
        }
    }
}
