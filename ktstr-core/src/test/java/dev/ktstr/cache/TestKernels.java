package dev.ktstr.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The smallest boot images that name their version. */
public final class TestKernels {
    /** A banner as {@code make} on a developer's machine writes it. */
    public static final String BANNER = "6.14.2 (me@host) #1 SMP";

    private static final int BZIMAGE_SIZE = 0x1000;
    private static final int BZIMAGE_BANNER = 0x600;
    private static final int ARM64_HEADER = 64;
    private static final int ARM64_BANNER = 0x1000;

    private TestKernels() {}

    /** Writes an x86_64 boot image with this banner, for example {@value #BANNER}. */
    public static Path bzImage(Path file, String banner) throws IOException {
        return Files.write(file, bzImage(banner));
    }

    public static byte[] bzImage(String banner) {
        byte[] text = (banner + "\0").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer image = ByteBuffer.allocate(Math.max(BZIMAGE_SIZE, BZIMAGE_BANNER + text.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        image.putShort(0x1fe, (short) 0xaa55);
        image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
        image.putShort(0x206, (short) 0x020f);
        image.putShort(0x20e, (short) (BZIMAGE_BANNER - 0x200));
        image.put(BZIMAGE_BANNER, text);
        return image.array();
    }

    /** Writes an arm64 boot image with this banner, without the words "Linux version", as for {@link #bzImage}. */
    public static Path arm64Image(Path file, String banner) throws IOException {
        return Files.write(file, arm64Image(banner));
    }

    public static byte[] arm64Image(String banner) {
        return arm64Image(banner, ARM64_BANNER);
    }

    /** With the banner at a given place; before it comes the format string, as in a real image. */
    public static byte[] arm64Image(String banner, int position) {
        byte[] format = "Linux version %s (%s)\n\0".getBytes(StandardCharsets.US_ASCII);
        byte[] text = ("Linux version " + banner + "\n\0").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer image = ByteBuffer.allocate(position + text.length).order(ByteOrder.LITTLE_ENDIAN);
        image.put(56, "ARMd".getBytes(StandardCharsets.US_ASCII));
        image.put(ARM64_HEADER, format);
        image.put(position, text);
        return image.array();
    }
}
