package dev.ktstr.maven.build;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.Checksums;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The {@code .config} of a tree. */
final class Configuration {
    private static final Duration CONFIG_LIMIT = Duration.ofMinutes(30);

    private final Path tree;
    private final Path file;

    Configuration(Path tree) {
        this.tree = tree;
        this.file = tree.resolve(".config");
    }

    /** CRC-32 of it; empty if there is none. */
    Optional<String> hash() throws IOException {
        return bytes().map(Checksums::crc32);
    }

    /** What it will be, as far as that is known before it is made. */
    Kconfig expected(Fragments fragments) throws IOException {
        return Kconfig.parse(bytes().map(Configuration::text).orElse("")).with(fragments.wanted());
    }

    /**
     * Puts all options into it that were asked for.
     *
     * @param programs that a kernel of this configuration needs are looked for, too
     * @throws BuildException if one of the options is not there in the end; the file is as it was then
     */
    void make(Fragments fragments, Make make, BuildPrograms programs) throws IOException {
        Optional<byte[]> before = bytes();
        boolean isDone = false;
        try {
            configure(before, fragments, make);
            Kconfig config = Kconfig.parse(Files.readString(file, StandardCharsets.ISO_8859_1));
            List<String> missing = fragments.missingFrom(config);
            if (!missing.isEmpty()) {
                throw dropped(missing);
            }
            programs.require(config);
            isDone = true;
        } finally {
            if (!isDone) {
                restore(before);
            }
        }
    }

    private void configure(Optional<byte[]> before, Fragments fragments, Make make) throws IOException {
        String doing = "configuring the kernel in " + tree;
        if (before.isEmpty()) {
            make.run(doing, List.of("defconfig"), List.of(), CONFIG_LIMIT);
        }
        String base = bytes().map(Configuration::text)
                .orElseThrow(() -> new BuildException(
                        ErrorCode.BUILD_FAILED,
                        doing + ": make defconfig has made no .config",
                        tree,
                        "is this a Linux source tree? see: make -C " + tree + " defconfig"));
        if (!fragments.missingFrom(Kconfig.parse(base)).isEmpty()) {
            Files.writeString(file, fragments.wanted().mergedInto(base), StandardCharsets.ISO_8859_1);
        }
        make.run(doing, List.of("olddefconfig"), List.of(), CONFIG_LIMIT);
    }

    private BuildException dropped(List<String> missing) {
        boolean isOne = missing.size() == 1;
        return new BuildException(
                ErrorCode.KCONFIG_DROPPED,
                "configuring the kernel in " + tree + ": make olddefconfig has dropped "
                        + (isOne ? "an option" : missing.size() + " options")
                        + ":\n    " + String.join("\n    ", missing),
                file,
                "see what " + (isOne ? "it depends" : "they depend") + " on (make -C " + tree
                        + " menuconfig, then / and the name), and put that into ktstr.extraKconfig; what you can do without,"
                        + " turn off there: # CONFIG_... is not set");
    }

    private void restore(Optional<byte[]> before) throws IOException {
        if (before.isEmpty()) {
            Files.deleteIfExists(file);
        } else if (!bytes().filter(now -> Arrays.equals(before.get(), now)).isPresent()) {
            Files.write(file, before.get());
        }
    }

    private Optional<byte[]> bytes() throws IOException {
        return Files.isRegularFile(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    /** Byte for byte: whatever encoding its texts have, they are to come back the same. */
    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
