package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a boot image says of itself.
 *
 * @param imageName what it is called in an entry
 * @param sha256 of the whole image
 * @param banner release, builder and build version, as {@code uname -a} and {@code /proc/version} have them
 * @param isRecognised false if all of this is only what somebody told us
 */
record KernelImage(String arch, String imageName, String banner, String sha256, boolean isRecognised) {
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

    /** All that the header of a bzImage can point to, and more. */
    private static final int HEAD = 1 << 17;

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
     * Reads a bzImage or an arm64 Image.
     *
     * @throws StoreException if it is neither
     */
    static KernelImage read(Path image) throws IOException {
        try (InputStream bytes = Files.newInputStream(image)) {
            return read(bytes, image);
        }
    }

    /**
     * The same of bytes that are no file, to their end.
     *
     * @param shown what messages call them
     */
    static KernelImage read(InputStream image, Path shown) throws IOException {
        MessageDigest digest = Checksums.sha256();
        InputStream bytes = new DigestInputStream(image, digest);
        byte[] first = bytes.readNBytes(HEAD);
        ByteBuffer head = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN);
        boolean isX86 = head.limit() >= X86_HEADER
                && Short.toUnsignedInt(head.getShort(X86_BOOT_FLAG)) == 0xaa55
                && head.getInt(X86_MAGIC) == HDRS;
        boolean isArm64 =
                !isX86 && head.limit() >= ARM64_MAGIC_OFFSET + 4 && head.getInt(ARM64_MAGIC_OFFSET) == ARM64_MAGIC;
        Optional<String> banner = isX86
                ? x86Banner(Short.toUnsignedInt(head.getShort(X86_VERSION)), first)
                : isArm64 ? search(first, bytes) : Optional.empty();
        if (banner.isEmpty()) {
            throw new StoreException(
                    ErrorCode.IMAGE_UNKNOWN,
                    "reading the boot image: it is neither a bzImage (x86_64) nor an uncompressed arm64 Image that names"
                            + " its version",
                    shown,
                    "give the vmlinuz of /boot or of the distribution's package, arch/x86/boot/bzImage, or"
                            + " arch/arm64/boot/Image (gunzip an Image.gz first). If you know better, give key and"
                            + " kernelVersion, and it is stored as it is");
        }
        Checksums.readAll(bytes);
        String sha256 = HexFormat.of().formatHex(digest.digest());
        return isX86
                ? new KernelImage("x86_64", "bzImage", banner.get(), sha256, true)
                : new KernelImage("aarch64", "Image", banner.get(), sha256, true);
    }

    private static Optional<String> x86Banner(int pointer, byte[] bytes) {
        return pointer == 0 || pointer + 0x200 > bytes.length ? Optional.empty() : versionText(bytes, pointer + 0x200);
    }

    /** The first "Linux version" that a digit follows; there is also the format string. */
    private static Optional<String> search(byte[] head, InputStream rest) throws IOException {
        byte[] window = head;
        while (true) {
            byte[] next = rest.readNBytes(HEAD);
            // What may be cut off at the end is looked at again, with what follows.
            int last = next.length == 0 ? window.length - BANNER.length : window.length - BANNER_LENGTH;
            for (int i = 0; i < last; i++) {
                if (window[i] == BANNER[0] && Arrays.equals(window, i, i + BANNER.length, BANNER, 0, BANNER.length)) {
                    Optional<String> found = versionText(window, i + BANNER.length);
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
            if (next.length == 0) {
                return Optional.empty();
            }
            byte[] kept = Arrays.copyOfRange(window, Math.max(last, 0), window.length);
            window = Arrays.copyOf(kept, kept.length + next.length);
            System.arraycopy(next, 0, window, kept.length, next.length);
        }
    }

    /** The text up to its NUL or line feed, if it starts like a version. */
    private static Optional<String> versionText(byte[] bytes, int start) {
        int end = start;
        while (end < bytes.length && end < start + BANNER_LENGTH && bytes[end] >= ' ' && bytes[end] < 0x7f) {
            end++;
        }
        String text = new String(bytes, start, end - start, StandardCharsets.US_ASCII);
        return RELEASE.matcher(text).lookingAt() ? Optional.of(text) : Optional.empty();
    }
}
