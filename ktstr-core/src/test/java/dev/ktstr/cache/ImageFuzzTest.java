package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.FuzzTarget;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;

/** The headers of boot images. */
public final class ImageFuzzTest extends FuzzTarget {
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            try {
                KernelImage image = KernelImage.read(new ByteArrayInputStream(input), Path.of("image"));
                check(image.release().matches("[!-~]+"), "a release is one word");
                image.upstreamVersion();
            } catch (StoreException refused) {
                check(refused.code() == ErrorCode.IMAGE_UNKNOWN, "it is refused for what it is");
            }
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }
}
