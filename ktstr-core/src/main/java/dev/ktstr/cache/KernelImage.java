package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a boot image says of itself.
 *
 * @param imageName what it is called in an entry
 * @param banner release, builder and build version, as {@code uname -a} and {@code /proc/version} have them
 * @param isRecognised false if all of this is only what somebody told us
 */
record KernelImage(String arch, String imageName, String banner, boolean isRecognised) {
    private static final Pattern RELEASE = Pattern.compile("[0-9]\\S*");
    private static final Pattern DEBIAN_VERSION = Pattern.compile("\\bDebian ([0-9]+(?:\\.[0-9]+)+)");

    // Documentation/arch/x86/boot.rst: boot_flag at 0x1fe, "HdrS" at 0x202, kernel_version (less 0x200) at 0x20e.
    private static final int X86_HEADER = 0x250;
    private static final int X86_BOOT_FLAG = 0x1fe;
    private static final int X86_MAGIC = 0x202;
    private static final int X86_VERSION = 0x20e;
    private static final int HDRS = 0x53726448;

    // Documentation/arch/arm64/booting.rst: "ARM\x64" at 56.
    private static final int ARM64_MAGIC_OFFSET = 56;
    private static final int ARM64_MAGIC = 0x644d5241;

    private static final byte[] BANNER = "Linux version ".getBytes(StandardCharsets.US_ASCII);
    private static final int BANNER_LENGTH = 512;
    private static final int CHUNK = 1 << 16;

    /** The release, as {@code uname -r} has it. */
    String release() {
        return release(banner);
    }

    /** The release that a banner begins with. */
    static String release(String banner) {
        Matcher release = RELEASE.matcher(banner);
        return release.lookingAt() ? release.group() : banner;
    }

    /** The upstream version, where the builder put it into the banner as Debian does. */
    Optional<String> upstreamVersion() {
        Matcher version = DEBIAN_VERSION.matcher(banner);
        return version.find() ? Optional.of(version.group(1)) : Optional.empty();
    }

    /**
     * Reads the header of a bzImage or of an arm64 Image.
     *
     * @throws StoreException if it is neither
     */
    static KernelImage read(Path image) throws IOException {
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.READ)) {
            ByteBuffer header = ByteBuffer.allocate(X86_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            readFully(file, header, 0);
            if (header.limit() == X86_HEADER
                    && Short.toUnsignedInt(header.getShort(X86_BOOT_FLAG)) == 0xaa55
                    && header.getInt(X86_MAGIC) == HDRS) {
                Optional<String> banner = x86Banner(file, Short.toUnsignedInt(header.getShort(X86_VERSION)));
                if (banner.isPresent()) {
                    return new KernelImage("x86_64", "bzImage", banner.get(), true);
                }
            } else if (header.limit() >= ARM64_MAGIC_OFFSET + 4 && header.getInt(ARM64_MAGIC_OFFSET) == ARM64_MAGIC) {
                Optional<String> banner = search(file);
                if (banner.isPresent()) {
                    return new KernelImage("aarch64", "Image", banner.get(), true);
                }
            }
        }
        throw new StoreException(
                ErrorCode.IMAGE_UNKNOWN,
                "reading the boot image: it is neither a bzImage (x86_64) nor an uncompressed arm64 Image that names"
                        + " its version",
                image,
                "give the vmlinuz of /boot or of the distribution's package, arch/x86/boot/bzImage, or"
                        + " arch/arm64/boot/Image (gunzip an Image.gz first). If you know better, give key and"
                        + " kernelVersion, and it is stored as it is");
    }

    private static Optional<String> x86Banner(FileChannel file, int pointer) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(BANNER_LENGTH);
        readFully(file, text, pointer + 0x200L);
        return pointer == 0 ? Optional.empty() : versionText(text.array(), 0, text.limit());
    }

    /** The first "Linux version" that a digit follows; there is also the format string. */
    private static Optional<String> search(FileChannel file) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK + BANNER_LENGTH);
        for (long position = 0; position < file.size(); position += CHUNK) {
            readFully(file, chunk.clear(), position);
            byte[] bytes = chunk.array();
            for (int i = 0; i < CHUNK && i + BANNER.length < chunk.limit(); i++) {
                if (bytes[i] == BANNER[0] && Arrays.equals(bytes, i, i + BANNER.length, BANNER, 0, BANNER.length)) {
                    Optional<String> found = versionText(bytes, i + BANNER.length, chunk.limit());
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** The text up to its NUL or line feed, if it starts like a version. */
    private static Optional<String> versionText(byte[] bytes, int start, int limit) {
        int end = start;
        while (end < limit && end < start + BANNER_LENGTH && bytes[end] >= ' ' && bytes[end] < 0x7f) {
            end++;
        }
        String text = new String(bytes, start, end - start, StandardCharsets.US_ASCII);
        return RELEASE.matcher(text).lookingAt() ? Optional.of(text) : Optional.empty();
    }

    private static void readFully(FileChannel file, ByteBuffer buffer, long position) throws IOException {
        long at = position;
        int count;
        while (buffer.hasRemaining() && (count = file.read(buffer, at)) > 0) {
            at += count;
        }
        buffer.flip();
    }
}
