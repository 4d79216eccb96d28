package dev.ktstr.cache;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code .config} says in its heading, {@code # Linux/x86 6.1.192 Kernel Configuration}.
 *
 * @param hash CRC-32 of the file
 * @param version the upstream version; null without the heading
 * @param arch null without the heading, and for an architecture we have no name for
 */
record KernelConfig(
        String hash, @Nullable String version, @Nullable String arch) {
    private static final Pattern HEADING =
            Pattern.compile("^# Linux/(\\S+) (\\S+) Kernel Configuration$", Pattern.MULTILINE);

    static KernelConfig read(Path config) throws IOException {
        return of(Files.readAllBytes(config));
    }

    static KernelConfig of(byte[] bytes) {
        Matcher heading = HEADING.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        if (!heading.find()) {
            return new KernelConfig(Checksums.crc32(bytes), null, null);
        }
        return new KernelConfig(
                Checksums.crc32(bytes), heading.group(2), arch(heading.group(1)).orElse(null));
    }

    private static Optional<String> arch(String srcarch) {
        return switch (srcarch) {
            case "x86", "x86_64" -> Optional.of("x86_64");
            case "arm64" -> Optional.of("aarch64");
            default -> Optional.empty();
        };
    }
}
