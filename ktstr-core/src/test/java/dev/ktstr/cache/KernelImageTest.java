package dev.ktstr.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelImageTest {
    private static final long SEED = Long.getLong("ktstr.seed", 20261121);
    private static final String DEBIAN = "6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC"
            + " Debian 6.1.192-1 (2026-04-12)";

    @TempDir
    Path directory;

    private KernelImage read(byte[] image) throws IOException {
        return KernelImage.read(Files.write(directory.resolve("image"), image));
    }

    private void assertUnknown(byte[] image) {
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> read(image))
                .withMessageContaining("neither a bzImage (x86_64) nor an uncompressed arm64 Image")
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.IMAGE_UNKNOWN))
                .satisfies(refused -> assertThat(refused.path()).contains(directory.resolve("image")))
                .satisfies(refused -> assertThat(refused.remedy()).contains("arch/arm64/boot/Image"));
    }

    private static ByteBuffer edit(byte[] image) {
        return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void aBzImageNamesItsVersion() throws Exception {
        KernelImage image = KernelImage.read(TestKernels.bzImage(directory.resolve("vmlinuz"), TestKernels.BANNER));

        assertThat(image)
                .isEqualTo(new KernelImage(
                        "x86_64",
                        "bzImage",
                        TestKernels.BANNER,
                        Checksums.sha256(TestKernels.bzImage(TestKernels.BANNER)),
                        true));
        assertThat(image.release()).isEqualTo("6.14.2");
        assertThat(image.upstreamVersion()).isEmpty();
    }

    @Test
    void anArm64ImageNamesItsVersionAfterTheFormatString() throws Exception {
        KernelImage image = KernelImage.read(TestKernels.arm64Image(directory.resolve("Image"), TestKernels.BANNER));

        assertThat(image)
                .isEqualTo(new KernelImage(
                        "aarch64",
                        "Image",
                        TestKernels.BANNER,
                        Checksums.sha256(TestKernels.arm64Image(TestKernels.BANNER)),
                        true));
    }

    @Test
    void debiansBannerHasTheUpstreamVersionToo() throws Exception {
        KernelImage image = read(TestKernels.bzImage(DEBIAN));

        assertThat(image.release()).isEqualTo("6.1.0-56-cloud-amd64");
        assertThat(image.upstreamVersion()).contains("6.1.192");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "6.15.0-rc3+ (a@b) #1                 | 6.15.0-rc3+",
                "6.14.2                               | 6.14.2",
                "6.14.2-ktstr-00012-gdeadbeef-dirty x | 6.14.2-ktstr-00012-gdeadbeef-dirty",
                "7 x                                  | 7",
            })
    void theReleaseEndsAtTheFirstSpace(String banner, String release) throws Exception {
        assertThat(read(TestKernels.bzImage(banner)).release()).isEqualTo(release);
        assertThat(read(TestKernels.arm64Image(banner)).release()).isEqualTo(release);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x100, 0xfff0, 0xffff, 0x10000, 0x10001, 0x1fff8, 0x20000, 300_000})
    void theBannerOfAnArm64ImageIsFoundWhereverItLies(int position) throws Exception {
        assertThat(read(TestKernels.arm64Image(DEBIAN, position)).banner()).isEqualTo(DEBIAN);
    }

    @Test
    void theBannerOfAnArm64ImageIsFoundAtEveryPlaceAroundABorderOfReading() throws Exception {
        for (int position = (1 << 16) - 120; position <= (1 << 16) + 4; position++) {
            assertThat(read(TestKernels.arm64Image(DEBIAN, position)).banner())
                    .as("at %d", position)
                    .isEqualTo(DEBIAN);
        }
    }

    @Test
    void theBannerOfABzImageMayLieAtTheVeryEnd() throws Exception {
        byte[] image = TestKernels.bzImage(TestKernels.BANNER);
        byte[] text = "6.1 x".getBytes(US_ASCII);
        edit(image).putShort(0x20e, (short) (image.length - text.length - 0x200));
        System.arraycopy(text, 0, image, image.length - text.length, text.length);

        assertThat(read(image).banner()).isEqualTo("6.1 x");
    }

    @Test
    void aPointerIsUnsigned() throws Exception {
        byte[] image = Arrays.copyOf(TestKernels.bzImage(TestKernels.BANNER), 0x11000);
        edit(image).putShort(0x20e, (short) 0xfff0);
        byte[] text = "6.9 far\0".getBytes(US_ASCII);
        System.arraycopy(text, 0, image, 0xfff0 + 0x200, text.length);

        assertThat(read(image).banner()).isEqualTo("6.9 far");
    }

    @Test
    void aBannerOfAnyLengthEndsSomewhere() throws Exception {
        String banner = "6.14.2 " + "x".repeat(2_000);

        assertThat(read(TestKernels.bzImage(banner)).release()).isEqualTo("6.14.2");
        assertThat(read(TestKernels.arm64Image(banner)).release()).isEqualTo("6.14.2");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 59, 60, 0x1ff, 0x200, 0x24f, 0x250, 0x400})
    void aTruncatedImageIsUnknown(int size) {
        assertUnknown(Arrays.copyOf(TestKernels.bzImage(TestKernels.BANNER), size));
        assertUnknown(Arrays.copyOf(TestKernels.arm64Image(TestKernels.BANNER), size));
    }

    @Test
    void aBzImageWithoutVersionIsUnknown() {
        byte[] noPointer = TestKernels.bzImage(TestKernels.BANNER);
        edit(noPointer).putShort(0x20e, (short) 0);
        byte[] pointsBehind = TestKernels.bzImage(TestKernels.BANNER);
        edit(pointsBehind).putShort(0x20e, (short) 0xffff);
        byte[] pointsAtNothing = TestKernels.bzImage(TestKernels.BANNER);
        edit(pointsAtNothing).putShort(0x20e, (short) 0x300);

        assertUnknown(noPointer);
        assertUnknown(pointsBehind);
        assertUnknown(pointsAtNothing);
        assertUnknown(TestKernels.bzImage("not a version"));
        assertUnknown(TestKernels.bzImage(""));
    }

    @Test
    void anArm64ImageWithTheFormatStringOnlyIsUnknown() {
        assertUnknown(TestKernels.arm64Image("%s"));
    }

    @Test
    void otherFilesAreUnknown() {
        assertUnknown(new byte[1 << 17]);
        assertUnknown("#!/bin/sh\necho Linux version 6.14.2\n".repeat(50).getBytes(US_ASCII));
        assertUnknown(new byte[] {0x1f, (byte) 0x8b, 8, 0});
        byte[] noBootFlag = TestKernels.bzImage(TestKernels.BANNER);
        edit(noBootFlag).putShort(0x1fe, (short) 0);
        assertUnknown(noBootFlag);
        byte[] noMagic = TestKernels.bzImage(TestKernels.BANNER);
        edit(noMagic).putInt(0x202, 0);
        assertUnknown(noMagic);
    }

    @Test
    void anyHeaderIsEitherReadOrUnknown() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 1_000; i++) {
            byte[] image = random.nextBoolean()
                    ? TestKernels.bzImage(TestKernels.BANNER)
                    : TestKernels.arm64Image(TestKernels.BANNER);
            for (int n = random.nextInt(1, 8); n > 0; n--) {
                image[random.nextInt(random.nextBoolean() ? 0x250 : image.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(read(Arrays.copyOf(image, random.nextInt(image.length + 1)))
                                .banner())
                        .matches("[0-9][ -~]*");
            } catch (StoreException unknown) {
                assertThat(unknown.code()).isEqualTo(ErrorCode.IMAGE_UNKNOWN);
            }
        }
    }

    @Test
    void aFileThatIsAbsentOrADirectoryIsAFailureOfTheDisk() {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> KernelImage.read(directory.resolve("absent")));
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> KernelImage.read(directory));
    }
}
