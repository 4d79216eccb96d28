package dev.ktstr.cache;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The files that make up a kernel; each may be missing.
 *
 * @param image the boot image
 * @param vmlinux the ELF file, with symbols and BTF
 * @param config the final {@code .config}
 * @param modulesDir a directory with the modules below it, uncompressed: {@code /lib/modules/<release>}, or a built tree
 */
public record KernelFiles(
        @Nullable Path image,
        @Nullable Path vmlinux,
        @Nullable Path config,
        @Nullable Path modulesDir) {

    /** These, and for those that are missing the others. */
    KernelFiles or(KernelFiles others) {
        return new KernelFiles(
                image == null ? others.image : image,
                vmlinux == null ? others.vmlinux : vmlinux,
                config == null ? others.config : config,
                modulesDir == null ? others.modulesDir : modulesDir);
    }
}
