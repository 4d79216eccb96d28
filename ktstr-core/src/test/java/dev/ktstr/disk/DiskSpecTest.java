package dev.ktstr.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.ktstr.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskSpecTest {
    private static final String FINGERPRINT = "0123456789abcdef";

    private static void assertRefused(DiskSpec.Builder builder, String text) {
        assertThatExceptionOfType(DiskException.class)
                .isThrownBy(builder::build)
                .withMessageContaining(text)
                .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.DISK_SPEC));
    }

    @Test
    void theDefaultsAreThoseOfTheContract() throws Exception {
        DiskSpec spec = DiskSpec.builder().build();

        assertThat(spec.filesystem()).isEqualTo(Filesystem.EXT4);
        assertThat(spec.size()).isEqualTo(512L << 20);
        assertThat(spec.cloneMode()).isEqualTo(CloneMode.AUTO);
        assertThat(spec.label()).isEmpty();
        assertThat(spec.throttle()).isEqualTo(DiskThrottle.NONE);
        assertThat(spec).hasToString("ext4, 512 MiB");
    }

    @ParameterizedTest
    @CsvSource({"256M, 256", "1G, 1024", "1GiB, 1024", "512MiB, 512", "1048576, 1", "2048K, 2", "1g, 1024"})
    void sizesAreWrittenAsPeopleWriteThem(String text, long mebibytes) throws Exception {
        assertThat(DiskSpec.builder().size(text).build().size()).isEqualTo(mebibytes << 20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "M", "256MB", "1.5G", "-1M", "256 M", "4096iB", "99999999999999999999", "9999999999T"})
    void whatIsNoSizeIsRefused(String text) {
        assertThatExceptionOfType(DiskException.class)
                .isThrownBy(() -> DiskSpec.builder().size(text))
                .withMessageContaining("256M or 1GiB");
    }

    @Test
    void aDiskThatCannotBeIsRefused() {
        assertRefused(DiskSpec.builder().size(1_000_000), "no whole number of MiB");
        assertRefused(DiskSpec.builder().size(0), "no whole number of MiB");
        assertRefused(DiskSpec.builder().size(-(1L << 20)), "no whole number of MiB");
        assertRefused(DiskSpec.builder().size(1L << 53), "too large");
        assertRefused(DiskSpec.builder().filesystem(Filesystem.XFS).size(299L << 20), "at least 300 MiB");
        assertRefused(DiskSpec.builder().variant(0), "below 1");
        assertRefused(DiskSpec.builder().label("a\nb"), "control characters");
        assertRefused(DiskSpec.builder().label("seventeen letters"), "16 bytes that ext4 takes");
        assertRefused(DiskSpec.builder().filesystem(Filesystem.XFS).label("äöüäöüä"), "12 bytes that xfs takes");
        assertRefused(DiskSpec.builder().options("-O", "a\0b"), "NUL");
        assertRefused(DiskSpec.builder().filesystem(Filesystem.RAW).label("x"), "a raw disk is not formatted");
    }

    @Test
    void theKeyOfAPlainDiskIsTheOriginals() throws Exception {
        DiskSpec.Builder disk = DiskSpec.builder().filesystem(Filesystem.BTRFS).size("256M");

        assertThat(DiskKey.of(disk.build(), FINGERPRINT)).isEqualTo("btrfs-256m-0123456789abcdef");
        assertThat(DiskKey.of(disk.variant(2).build(), FINGERPRINT)).isEqualTo("btrfs-256m-0123456789abcdef-u2");
    }

    @Test
    void optionsAndLabelArePartOfTheKeyAndModeAndThrottleAreNot() throws Exception {
        // printf -- '-O\0^has_journal\0scratch\0' | sha256sum
        DiskSpec.Builder disk = DiskSpec.builder().options("-O", "^has_journal").label("scratch");

        assertThat(DiskKey.of(disk.build(), FINGERPRINT)).isEqualTo("ext4-512m-0123456789abcdef-o3c6af007");
        assertThat(DiskKey.of(disk.variant(3).build(), FINGERPRINT))
                .isEqualTo("ext4-512m-0123456789abcdef-o3c6af007-u3");
        assertThat(DiskKey.of(disk.variant(1).label("").build(), FINGERPRINT))
                .contains("-o")
                .doesNotContain("3c6af007");
        assertThat(DiskKey.of(
                        DiskSpec.builder()
                                .cloneMode(CloneMode.REFLINK)
                                .throttle(new DiskThrottle(100L, null, 200L, null))
                                .build(),
                        FINGERPRINT))
                .isEqualTo("ext4-512m-0123456789abcdef");
    }

    @Test
    void aVariantIsTheSameDiskOtherwise() throws Exception {
        DiskSpec spec = DiskSpec.builder().label("x").size("64M").build().withVariant(2);

        assertThat(spec.variant()).isEqualTo(2);
        assertThat(spec.label()).contains("x");
        assertThat(spec.size()).isEqualTo(64L << 20);
    }

    @Test
    void aThrottleThatMakesNoSenseIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskThrottle(0L, null, null, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskThrottle(null, -5L, null, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskThrottle(null, null, 5L, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskThrottle(100L, null, 99L, null));
        assertThat(new DiskThrottle(100L, 1L, 100L, 2L).bytesBurst()).isEqualTo(2);
    }
}
