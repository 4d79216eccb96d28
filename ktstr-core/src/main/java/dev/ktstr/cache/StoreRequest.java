package dev.ktstr.cache;

import dev.ktstr.KtstrException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What to store, and how. The files are copied, never moved. Immutable. */
public final class StoreRequest {
    /** Where the files come from, as derived keys say it. */
    enum Origin {
        FILES("files"),
        PACKAGES("deb"),
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

    /** A request for files; at least {@link Builder#image} or {@link Builder#contents} must be given. */
    public static Builder builder() {
        return new Builder(Origin.FILES);
    }

    /**
     * A request for what has been built in a kernel source tree: boot image, {@code vmlinux}, {@code .config},
     * modules, and the commit it stands at. Each can be given otherwise afterwards.
     *
     * @throws StoreException if nothing has been built there
     * @throws IOException if git was started and could not be talked to
     */
    public static Builder forTree(Path tree) throws IOException {
        KernelTree built = KernelTree.open(tree);
        Builder builder = new Builder(Origin.TREE).image(built.image()).source(built.source());
        built.vmlinux().ifPresent(builder::vmlinux);
        built.config().ifPresent(builder::config);
        built.modulesDir().ifPresent(builder::modulesDir);
        return builder;
    }

    Origin origin() {
        return values.packages.isEmpty() ? values.origin : Origin.PACKAGES;
    }

    Optional<String> key() {
        return Optional.ofNullable(values.key);
    }

    /** The files that were named. */
    KernelFiles files() {
        return new KernelFiles(values.image, values.vmlinux, values.config, values.modulesDir);
    }

    Optional<String> kernelVersion() {
        return Optional.ofNullable(values.kernelVersion);
    }

    KernelSource source() {
        return values.source;
    }

    Modules modules() {
        return values.modules;
    }

    List<PackageId> packages() {
        return values.packages;
    }

    Optional<StoreContents> contents() {
        return Optional.ofNullable(values.contents);
    }

    Optional<String> ktstrKconfigHash() {
        return Optional.ofNullable(values.ktstrKconfigHash);
    }

    Optional<String> extraKconfigHash() {
        return Optional.ofNullable(values.extraKconfigHash);
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
        private @Nullable Path modulesDir;
        private Modules modules = Modules.BOOT;
        private @Nullable StoreContents contents;
        private List<PackageId> packages = List.of();
        private @Nullable String kernelVersion;
        private KernelSource source = new KernelSource.Local(null, null);
        private @Nullable String ktstrKconfigHash;
        private @Nullable String extraKconfigHash;
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
            this.modulesDir = other.modulesDir;
            this.modules = other.modules;
            this.contents = other.contents;
            this.packages = other.packages;
            this.kernelVersion = other.kernelVersion;
            this.source = other.source;
            this.ktstrKconfigHash = other.ktstrKconfigHash;
            this.extraKconfigHash = other.extraKconfigHash;
            this.replace = other.replace;
            this.lockTimeout = other.lockTimeout;
        }

        /** The entry's name; without it, {@code <release>-<files|deb|tree>-<arch>-<first 8 hex of the image's SHA-256>}. */
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

        /** Which modules to store, of those there are; {@link Modules#BOOT} unless told otherwise. */
        public Builder modules(Modules choice) {
            this.modules = choice;
            return this;
        }

        /** The directory below which the modules are, uncompressed: {@code /lib/modules/<release>}, or a built tree. */
        public Builder modulesDir(Path directory) {
            this.modulesDir = directory;
            return this;
        }

        /** Where everything comes from that no path was given for. */
        public Builder contents(StoreContents later) {
            this.contents = later;
            return this;
        }

        /** The distribution packages that the contents come from: a kernel of the same packages is the same kernel. */
        public Builder packages(List<PackageId> origins) {
            this.packages = List.copyOf(origins);
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

        /**
         * The kconfig fragments that it was configured with, as CRC-32 of their bytes, eight hex digits. A kernel that was
         * configured with others is another kernel.
         *
         * @param ktstr of the fragment that comes with ktstr
         * @param extra of the user's own; null without one
         */
        public Builder kconfigHashes(String ktstr, @Nullable String extra) {
            this.ktstrKconfigHash = ktstr;
            this.extraKconfigHash = extra;
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
         * @throws KtstrException if there is neither an image nor contents
         */
        public StoreRequest build() throws KtstrException {
            if (image == null && contents == null) {
                throw KernelWriter.noImage();
            }
            return new StoreRequest(this);
        }
    }
}
