package dev.ktstr.maven.build;

import dev.ktstr.ErrorCode;
import dev.ktstr.Printable;
import dev.ktstr.cache.Checksums;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
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
        Kconfig base = Kconfig.parse(bytes().map(Configuration::text).orElse(""));
        return base.with(fragments.wanted(base));
    }

    /**
     * Puts all options into it that were asked for.
     *
     * @param programs that a kernel of this configuration needs are looked for, too
     * @throws BuildException if one of the options is not there in the end; the file is as it was then
     */
    void make(Fragments fragments, Make make, BuildPrograms programs) throws IOException {
        Saved before = Saved.of(file);
        boolean isDone = false;
        try {
            configure(fragments, make);
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

    private void configure(Fragments fragments, Make make) throws IOException {
        String doing = "configuring the kernel in " + tree;
        if (bytes().isEmpty()) {
            make.run(doing, List.of("defconfig"), List.of(), CONFIG_LIMIT);
        }
        String base = bytes().map(Configuration::text)
                .orElseThrow(() -> new BuildException(
                        ErrorCode.BUILD_FAILED,
                        doing + ": make defconfig has made no .config",
                        tree,
                        "is this a Linux source tree? see: make -C " + tree + " defconfig"));
        Kconfig options = Kconfig.parse(base);
        if (!fragments.missingFrom(options).isEmpty()) {
            replace(fragments.wanted(options).mergedInto(base).getBytes(StandardCharsets.ISO_8859_1));
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
                "see whether the name is right and what " + (isOne ? "it depends" : "they depend") + " on (make -C "
                        + Printable.shellWord(tree)
                        + " menuconfig, then / and the name), and put that into ktstr.extraKconfig; what you can do without,"
                        + " turn off there: # CONFIG_... is not set");
    }

    /**
     * What was there.
     *
     * @param link where it led, if it was a link
     * @param bytes its content, if it was a file
     */
    private record Saved(Optional<Path> link, Optional<byte[]> bytes) {
        static Saved of(Path file) throws IOException {
            if (Files.isSymbolicLink(file)) {
                return new Saved(Optional.of(Files.readSymbolicLink(file)), Optional.empty());
            }
            return new Saved(
                    Optional.empty(),
                    Files.isRegularFile(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty());
        }
    }

    private void restore(Saved before) throws IOException {
        if (before.link().isPresent()) {
            if (!Files.isSymbolicLink(file)) {
                Path beside = beside();
                Files.createSymbolicLink(beside, before.link().get());
                Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } else if (before.bytes().isEmpty()) {
            Files.deleteIfExists(file);
        } else if (!bytes().filter(now -> Arrays.equals(before.bytes().get(), now))
                .isPresent()) {
            replace(before.bytes().get());
        }
    }

    /** All of it at once, as kconfig does. A link is replaced by a file, and what it leads to stays as it is. */
    private void replace(byte[] content) throws IOException {
        Path beside = Files.write(beside(), content, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        if (Files.isRegularFile(file)) {
            Files.setPosixFilePermissions(beside, Files.getPosixFilePermissions(file));
        }
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** For what comes in its place. Whoever left one was killed: who writes here holds the tree. */
    private Path beside() throws IOException {
        Path beside = tree.resolve(".config.ktstr");
        Files.deleteIfExists(beside);
        return beside;
    }

    private Optional<byte[]> bytes() throws IOException {
        return Files.isRegularFile(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    /** Byte for byte: whatever encoding its texts have, they are to come back the same. */
    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
