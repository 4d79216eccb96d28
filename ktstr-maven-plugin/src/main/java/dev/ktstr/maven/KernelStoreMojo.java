package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.maven.build.TreeLock;
import dev.ktstr.maven.packages.CompressedModules;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Stores a kernel: from files, from a distribution's packages, or from a built source tree. A kernel that is stored already is left alone. Version,
 * architecture and key come from the files when they are not given.
 *
 * @since 0.1.0
 */
@Mojo(
        name = "kernel-store",
        requiresProject = false,
        threadSafe = true,
        defaultPhase = LifecyclePhase.GENERATE_TEST_RESOURCES)
public final class KernelStoreMojo extends AbstractStoreMojo {
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
     * The distribution's packages, instead of <code>image</code>, <code>vmlinux</code> and <code>config</code>:
     * <code>.deb</code> files, separated by commas. At least the one with the boot image; the one with debug information
     * (<code>-dbg</code>) has the <code>vmlinux</code>. They are neither installed nor trusted.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.packages")
    private @Nullable List<File> packages;

    /**
     * Which modules to store, of those there are: <code>none</code>; <code>boot</code>, which a virtual machine needs to
     * find its disks and mount them; or <code>all</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.modules", defaultValue = "boot")
    private String modules = "boot";

    /**
     * The directory with the kernel's modules, such as <code>/lib/modules/6.1.0-56-amd64</code>. They may be compressed.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.modulesDir")
    private @Nullable File modulesDir;

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
     * <code>10m</code>. Without it <code>KTSTR_CACHE_STORE_LOCK_TIMEOUT</code>, else five minutes. And how long to wait for
     * whoever builds in <code>kernelTree</code>; without it two hours.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.lockTimeout")
    private @Nullable String lockTimeout;

    @Override
    void run(Progress meter) throws IOException {
        Modules choice = KernelSources.modules("ktstr.modules", modules);
        requireOneSource();
        KernelCache cache = cache();
        List<String> summary = packages == null || packages.isEmpty()
                ? storeFiles(cache, choice, meter)
                : storePackages(cache, packages, choice, meter);
        meter.close();
        summary.forEach(getLog()::info);
    }

    private List<String> storeFiles(KernelCache cache, Modules choice, Progress meter) throws IOException {
        // A kernel-build in the tree would change files while they are copied. Trees come before entries.
        try (TreeLock tree = kernelTree == null
                ? null
                : TreeLock.forReading(cache, kernelTree.toPath(), environment(), treeTimeout())) {
            return StoreSummary.lines(cache.store(request(meter).modules(choice).build()), List.of());
        }
    }

    private Duration treeTimeout() throws IOException {
        return lockTimeout == null ? TreeLock.TIMEOUT : duration("ktstr.lockTimeout", lockTimeout);
    }

    private List<String> storePackages(KernelCache cache, List<File> files, Modules choice, Progress meter)
            throws IOException {
        List<Path> paths = files.stream().map(File::toPath).toList();
        KernelSources.Packaged stored =
                KernelSources.store(cache, paths, request -> common(request).modules(choice), meter);
        return StoreSummary.lines(stored.result(), stored.packages());
    }

    private void requireOneSource() throws GoalException {
        boolean files = image != null || vmlinux != null || config != null;
        if (packages != null && !packages.isEmpty() && (files || kernelTree != null || modulesDir != null)) {
            throw new GoalException(
                    ErrorCode.REQUEST_CONTRADICTORY,
                    "storing a kernel: packages already say where image, vmlinux, config and modules are",
                    packages.get(0).toPath(),
                    "give packages alone; or unpack them (dpkg-deb -x) and give the files");
        }
        if (kernelTree != null && files) {
            throw new GoalException(
                    ErrorCode.REQUEST_CONTRADICTORY,
                    "storing a kernel: kernelTree already says where image, vmlinux and config are",
                    kernelTree.toPath(),
                    "give kernelTree alone, or the files alone");
        }
    }

    private StoreRequest.Builder request(Progress meter) throws IOException {
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
        if (modulesDir != null && CompressedModules.areIn(modulesDir.toPath())) {
            if (kernelTree != null) {
                throw new GoalException(
                        ErrorCode.REQUEST_CONTRADICTORY,
                        "storing a kernel: kernelTree has modules of its own, and those in modulesDir are compressed",
                        modulesDir.toPath(),
                        "leave modulesDir out, or install the tree's modules uncompressed"
                                + " (CONFIG_MODULE_COMPRESS_NONE)");
            }
            if (image == null) {
                // To the request, contents are as good as an image.
                throw new GoalException(
                        ErrorCode.INPUT_UNUSABLE,
                        "storing a kernel: no boot image was given, only its modules",
                        modulesDir.toPath(),
                        "name one: the distribution's vmlinuz, or arch/x86/boot/bzImage of a built tree");
            }
            request.contents(new CompressedModules(modulesDir.toPath(), meter));
        } else if (modulesDir != null) {
            request.modulesDir(modulesDir.toPath());
        }
        return common(request);
    }

    private StoreRequest.Builder common(StoreRequest.Builder request) throws IOException {
        if (key != null) {
            request.key(key);
        }
        if (kernelVersion != null) {
            request.kernelVersion(kernelVersion);
        }
        if (lockTimeout != null) {
            request.lockTimeout(duration("ktstr.lockTimeout", lockTimeout));
        }
        return request.replace(replace);
    }
}
