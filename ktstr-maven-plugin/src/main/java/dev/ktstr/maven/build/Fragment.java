package dev.ktstr.maven.build;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.Checksums;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Options that a kernel is to be configured with.
 *
 * @param origin whose they are, for messages
 * @param hash CRC-32 of the text: part of the key
 */
record Fragment(String origin, Kconfig kconfig, String hash) {
    private static final String COMMON = "common.config";
    private static final long MOST_BYTES = 1 << 20;

    /** What comes with ktstr. Empty for an architecture whose kernels it does not know how to boot. */
    static Optional<Fragment> own(String arch) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (String name : List.of(COMMON, arch + ".config")) {
            try (InputStream resource = Fragment.class.getResourceAsStream(name)) {
                if (resource == null) {
                    return Optional.empty();
                }
                resource.transferTo(text);
            }
        }
        return Optional.of(of("ktstr", text.toByteArray()));
    }

    /**
     * The user's own.
     *
     * @throws BuildException if it cannot be read, or is no kconfig fragment
     */
    static Fragment read(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw unusable(file, Files.exists(file) ? "it is not a file that can be read" : "there is no such file");
        }
        if (Files.size(file) > MOST_BYTES) {
            throw unusable(file, "it has more than 1 MiB");
        }
        byte[] text = Files.readAllBytes(file);
        Optional<String> objection = Kconfig.objection(new String(text, StandardCharsets.ISO_8859_1));
        if (objection.isPresent()) {
            throw unusable(file, shown(objection.get()) + ", is no option");
        }
        return of(String.valueOf(file.getFileName()), text);
    }

    private static Fragment of(String origin, byte[] text) {
        return new Fragment(
                origin, Kconfig.parse(new String(text, StandardCharsets.ISO_8859_1)), Checksums.crc32(text));
    }

    /** For people: options are read byte for byte, whatever encoding their texts have, which mostly is UTF-8. */
    static String shown(String text) {
        return new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static BuildException unusable(Path file, String why) {
        return new BuildException(
                ErrorCode.ENV_SETTING,
                "reading ktstr.extraKconfig: " + why,
                file.toAbsolutePath(),
                "give a file with lines like CONFIG_NET=y, CONFIG_XFS_FS=m or # CONFIG_SWAP is not set");
    }
}
