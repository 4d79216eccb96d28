package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.elf.ElfFile;
import dev.ktstr.elf.MalformedElfException;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the files of a kernel say, read before anything is written.
 *
 * @param config null when none was given
 * @param vmlinux null when none was given
 * @param choice which modules were asked for; {@link Modules#NONE} when there is nowhere to take any from
 * @param modules those there are; empty until they are {@linkplain #withModules read}, and when there are none to read
 */
record StoreInput(
        StoreRequest request,
        KernelFiles files,
        KernelImage image,
        @Nullable KernelConfig config,
        @Nullable Vmlinux vmlinux,
        Modules choice,
        Optional<ModuleTree> modules) {

    static final int MAX_CONFIG = 16 << 20;

    private static final String NO_KERNEL = "no Linux kernel, as far as its .rodata says";
    private static final Pattern SERIES = Pattern.compile("[0-9]+\\.[0-9]+");

    /**
     * @param buildId null without one
     * @param keptSha256 over what identifies it instead; null with a build id
     */
    record Vmlinux(
            FileStat stat,
            @Nullable String buildId,
            @Nullable String keptSha256) {}

    private interface Reading<T> {
        T read() throws IOException;
    }

    /**
     * @param files with an image
     * @throws StoreException if a file is unusable, or they belong to different kernels
     */
    static StoreInput examine(StoreRequest request, KernelFiles files) throws IOException {
        Path imageFile = Objects.requireNonNull(files.image());
        Path vmlinux = files.vmlinux();
        Path config = files.config();
        Path modulesDir = files.modulesDir();
        requireFile("the boot image", imageFile);
        if (vmlinux != null) {
            requireFile("vmlinux", vmlinux);
        }
        if (config != null) {
            requireFile("the kernel configuration", config);
        }
        if (modulesDir != null && !Files.isDirectory(modulesDir)) {
            throw unusable(
                    "the directory of modules",
                    modulesDir,
                    "there is no such directory",
                    "give /lib/modules/<release>, or leave modulesDir out");
        }
        boolean isVersionGiven = request.kernelVersion().isPresent();
        KernelImage image = read("the boot image", imageFile, () -> image(request, imageFile));
        return new StoreInput(
                request,
                files,
                image,
                config == null
                        ? null
                        : read("the kernel configuration", config, () -> config(config, image, imageFile)),
                vmlinux == null
                        ? null
                        : read("vmlinux", vmlinux, () -> vmlinux(vmlinux, image, imageFile, isVersionGiven)),
                modulesDir == null && request.contents().isEmpty() ? Modules.NONE : request.modules(),
                Optional.empty());
    }

    /** With all modules read, which takes a moment, and is not needed to tell whether the kernel is stored already. */
    StoreInput withModules() throws IOException {
        Path directory = files.modulesDir();
        return choice == Modules.NONE || directory == null
                ? this
                : new StoreInput(
                        request, files, image, config, vmlinux, choice, Optional.of(ModuleTree.read(directory, image)));
    }

    String key() {
        return key(request, image);
    }

    /** The key that a request gives, or that follows from the image. */
    static String key(StoreRequest request, KernelImage image) {
        return request.key()
                .orElseGet(() -> image.release() + "-" + request.origin().text() + "-" + image.arch() + "-"
                        + image.sha256().substring(0, 8));
    }

    /** The upstream version where it is known, else the release. */
    String version() {
        return request.kernelVersion()
                .or(() -> Optional.ofNullable(config).map(KernelConfig::version))
                .or(image::upstreamVersion)
                .orElseGet(image::release);
    }

    private static KernelImage image(StoreRequest request, Path file) throws IOException {
        try {
            return KernelImage.read(file);
        } catch (StoreException unknown) {
            String version = request.kernelVersion().orElse(null);
            if (request.key().isEmpty() || version == null) {
                throw unknown;
            }
            // Both said by hand: somebody knows this image better than we do.
            String arch = Machine.arch();
            String name = arch.equals("aarch64") ? "Image" : "bzImage";
            return new KernelImage(arch, name, version, Checksums.sha256(file), false);
        }
    }

    private static KernelConfig config(Path file, KernelImage image, Path imageFile) throws IOException {
        if (Files.size(file) > MAX_CONFIG) {
            throw unusable(
                    "the kernel configuration",
                    file,
                    "no .config is larger than 16 MiB",
                    "give the .config of the build");
        }
        KernelConfig config = KernelConfig.read(file);
        String arch = config.arch();
        if (arch != null && !arch.equals(image.arch())) {
            throw disagree(imageFile, file, image.arch(), arch);
        }
        String version = config.version();
        if (version != null && image.isRecognised() && !agrees(version, image)) {
            throw disagree(imageFile, file, image.upstreamVersion().orElseGet(image::release), version);
        }
        return config;
    }

    /** A distribution's release (6.1.0-56) differs from its upstream version (6.1.192) behind the second number. */
    private static boolean agrees(String version, KernelImage image) {
        return image.upstreamVersion()
                .map(version::equals)
                .orElseGet(() -> series(version).equals(series(image.release())));
    }

    /** The first two numbers of a version; an image we do not know may have any text there. */
    private static String series(String version) {
        Matcher numbers = SERIES.matcher(version);
        return numbers.lookingAt() ? numbers.group() : version;
    }

    private static Vmlinux vmlinux(Path file, KernelImage image, Path imageFile, boolean isVersionGiven)
            throws IOException {
        FileStat stat = FileStat.of(file).orElseThrow(() -> missing("vmlinux", file));
        try (ElfFile elf = ElfFile.open(file)) {
            if (!elf.arch().equals(image.arch())) {
                throw disagree(imageFile, file, image.arch(), elf.arch());
            }
            String release = elf.banner()
                    .map(banner -> KernelImage.release(banner.replaceFirst("^Linux version ", "")))
                    .orElse(NO_KERNEL);
            boolean isToldOtherwise = !image.isRecognised() || (release.equals(NO_KERNEL) && isVersionGiven);
            if (!release.equals(image.release()) && !isToldOtherwise) {
                throw disagree(imageFile, file, image.release(), release);
            }
            String buildId = elf.buildId().orElse(null);
            return new Vmlinux(stat, buildId, buildId == null ? elf.keptSha256() : null);
        } catch (MalformedElfException noElf) {
            // The strip will say so, and the file be stored as it is: all of it is what identifies it.
            return new Vmlinux(stat, null, Checksums.sha256(file));
        }
    }

    /** Of a file that is open the JDK tells what went wrong, and nothing else. */
    private static <T> T read(String what, Path file, Reading<T> reading) throws IOException {
        try {
            return reading.read();
        } catch (KtstrException | FileSystemException | ClosedByInterruptException told) {
            throw told;
        } catch (IOException failed) {
            throw new StoreException(
                    ErrorCode.INPUT_UNUSABLE,
                    "storing a kernel: " + what + " cannot be read: "
                            + Objects.requireNonNullElse(failed.getMessage(), failed.toString()),
                    file,
                    "see the kernel's log (dmesg) before you trust this disk again",
                    failed);
        }
    }

    private static void requireFile(String what, Path file) throws IOException {
        if (FileStat.of(file).isEmpty()) {
            throw missing(what, file);
        }
        if (!Files.isRegularFile(file)) {
            throw unusable(what, file, "it is not a regular file", "give the file itself");
        }
        if (!Files.isReadable(file)) {
            throw unusable(
                    what, file, "permission denied", "make it readable (distributions keep /boot/vmlinuz-* to root)");
        }
    }

    private static StoreException missing(String what, Path file) {
        return unusable(what, file, "there is no such file", "check the path");
    }

    private static StoreException unusable(String what, Path file, String why, String remedy) {
        return new StoreException(
                ErrorCode.INPUT_UNUSABLE, "storing a kernel: " + what + " cannot be read: " + why, file, remedy);
    }

    private static StoreException disagree(Path image, Path other, String ofImage, String ofOther) {
        return new StoreException(
                ErrorCode.INPUT_DISAGREES,
                "storing a kernel: " + image + " is " + ofImage + ", but " + other + " is " + ofOther,
                other,
                "give files of one build; addresses and types of another one would be wrong without a sign");
    }
}
