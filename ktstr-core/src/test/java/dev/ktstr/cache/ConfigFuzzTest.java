package dev.ktstr.cache;

import dev.ktstr.FuzzTarget;
import java.nio.file.Files;
import java.nio.file.Path;

/** The heading of a kernel's {@code .config}: anything is one, perhaps without a heading. */
public final class ConfigFuzzTest extends FuzzTarget {
    private static final Path CONFIG = scratchFile(scratch(), "config");

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            KernelConfig config = KernelConfig.read(Files.write(CONFIG, input));
            check(config.hash().matches("[0-9a-f]{8}"), "a hash is one");
            check(config.version() == null || !config.version().isEmpty(), "a version is one");
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }
}
