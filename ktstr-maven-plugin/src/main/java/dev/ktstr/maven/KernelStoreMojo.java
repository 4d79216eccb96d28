package dev.ktstr.maven;

import dev.ktstr.ByteSizes;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.os.FileStat;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Stores a kernel, from files or from a built source tree. A kernel that is stored already is left alone. Version,
 * architecture and key come from the files when they are not given.
 *
 * @since 0.1.0
 */
@Mojo(
        name = "kernel-store",
        requiresProject = false,
        threadSafe = true,
        defaultPhase = LifecyclePhase.GENERATE_TEST_RESOURCES)
public final class KernelStoreMojo extends AbstractKtstrMojo {
    /**
     * The boot image: the distribution's <code>vmlinuz</code>, a <code>bzImage</code>, or an uncompressed arm64
     * <code>Image</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.image")
    private @Nullable File image;

    /**
     * The kernel's ELF file, with symbols and BTF. It is stored stripped of everything else.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.vmlinux")
    private @Nullable File vmlinux;

    /**
     * The kernel's final <code>.config</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.config")
    private @Nullable File config;

    /**
     * A built kernel source tree, instead of <code>image</code>, <code>vmlinux</code> and <code>config</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.kernelTree")
    private @Nullable File kernelTree;

    /**
     * The entry's name. Without it one is derived from the release, the architecture and the image's checksum.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.key")
    private @Nullable String key;

    /**
     * The upstream version, such as <code>6.1.192</code>, where the files do not tell.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.kernelVersion")
    private @Nullable String kernelVersion;

    /**
     * Whether to store a kernel again that is stored already.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.replace", defaultValue = "false")
    private boolean replace;

    /**
     * How long to wait for whoever uses the entry that is to be replaced, such as <code>30s</code> or
     * <code>10m</code>. Without it <code>KTSTR_CACHE_STORE_LOCK_TIMEOUT</code>, else five minutes.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.lockTimeout")
    private @Nullable String lockTimeout;

    @Override
    void run() throws IOException {
        KernelCache cache = cache();
        StoreResult result = cache.store(request());
        KernelEntry entry = result.entry();
        switch (result.outcome()) {
            case ALREADY_STORED ->
                getLog().info("already stored: " + entry.key()
                        + " (same image, configuration and vmlinux; -Dktstr.replace stores it again)");
            case STORED -> getLog().info("stored " + entry.key());
            case REPLACED -> getLog().info("stored " + entry.key() + ", replacing the entry of that name");
        }
        getLog().info("  version  " + entry.metadata().version() + ", "
                + entry.metadata().arch());
        getLog().info("  image    " + entry.image() + " (" + allocated(entry.image()) + ")");
        if (entry.vmlinux().isPresent()) {
            Path file = entry.vmlinux().get();
            Long before = entry.metadata().sourceVmlinuxSize();
            String from = before == null || !entry.metadata().vmlinuxStripped()
                    ? ", not stripped)"
                    : ", stripped from " + ByteSizes.format(before) + ")";
            getLog().info("  vmlinux  " + file + " (" + allocated(file) + from);
        }
        entry.config().ifPresent(file -> getLog().info("  config   " + file));
    }

    private StoreRequest request() throws IOException {
        if (kernelTree != null && (image != null || vmlinux != null || config != null)) {
            throw new GoalException(
                    ErrorCode.REQUEST_CONTRADICTORY,
                    "storing a kernel: kernelTree already says where image, vmlinux and config are",
                    kernelTree.toPath(),
                    "give kernelTree alone, or the files alone");
        }
        StoreRequest.Builder request =
                kernelTree == null ? StoreRequest.builder() : StoreRequest.forTree(kernelTree.toPath());
        if (image != null) {
            request.image(image.toPath());
        }
        if (vmlinux != null) {
            request.vmlinux(vmlinux.toPath());
        }
        if (config != null) {
            request.config(config.toPath());
        }
        if (key != null) {
            request.key(key);
        }
        if (kernelVersion != null) {
            request.kernelVersion(kernelVersion);
        }
        if (lockTimeout != null) {
            request.lockTimeout(duration("ktstr.lockTimeout", lockTimeout));
        }
        return request.replace(replace).build();
    }

    private static String allocated(Path file) throws IOException {
        return ByteSizes.format(FileStat.of(file).map(FileStat::allocated).orElse(0L)) + " on disk";
    }
}
