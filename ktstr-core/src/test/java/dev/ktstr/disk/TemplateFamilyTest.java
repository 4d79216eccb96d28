package dev.ktstr.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.publish.TemplateNames;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateFamilyTest {
    private final TemplateFamily family = new TemplateFamily();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "btrfs-256m-1f0c",
                "raw-1024m-noversion",
                "xfs-300m-0123456789abcdef-o89abcdef-u2",
                "ext4-0m-x",
                "ext4-0m-",
                "raw-8m-a\nb"
            })
    void itsDirectoriesAreKnownByTheirNames(String name) {
        assertThat(TemplateNames.isEntry(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "6.12.1",
                "btrfs-256-1f0c",
                "btrfs-256m",
                "zfs-256m-1f0c",
                ".locks",
                ".tmp-btrfs-256m-x-1",
                "btrfs-256m-x.tmp.77",
                "ext4-linux"
            })
    void whatIsNotItsOwnIsLeftAlone(String name) {
        assertThat(TemplateNames.isEntry(name)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "template.img.in-flight.btrfs-256m-1f0c.2147483647, btrfs-256m-1f0c",
        "template.img.in-flight.btrfs-256m-1f0c.77-0123abcd, btrfs-256m-1f0c",
        "template.img.in-flight.ext4-64m-a-o12345678-u2.77-0123abcd, ext4-64m-a-o12345678-u2"
    })
    void aStagingImageNamesItsKey(String name, String key) {
        assertThat(family.keyOfStaging(name, false)).contains(key);
        assertThat(family.keyOfStaging(name, true)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"btrfs-256m-1f0c.tmp.77, btrfs-256m-1f0c", "xfs-300m-a-u2.tmp.77-0123abcd, xfs-300m-a-u2"})
    void aStagingDirectoryNamesItsKey(String name, String key) {
        assertThat(family.keyOfStaging(name, true)).contains(key);
        assertThat(family.keyOfStaging(name, false)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "template.img.in-flight.btrfs-256m-a.",
                "template.img.in-flight.btrfs-256m-a.x",
                "btrfs-256m-a.tmp.",
                "btrfs-256m-a.tmp.0",
                "btrfs-256m-a.tmp.-5",
                "kernel.tmp.77",
                "template.img.in-flight.kernel.77",
                ".tmp-btrfs-256m-a-77",
                "btrfs-256m-a"
            })
    void otherNamesAreNoStaging(String name) {
        assertThat(family.keyOfStaging(name, true)).isEmpty();
        assertThat(family.keyOfStaging(name, false)).isEmpty();
    }

    @Test
    void whatItWritesItKnowsAgain() {
        assertThat(family.keyOfStaging(family.stagingName("ext4-64m-a", "0123abcd"), true))
                .contains("ext4-64m-a");
        assertThat(family.keyOfStaging(family.inFlightName("ext4-64m-a", "0123abcd"), false))
                .contains("ext4-64m-a");
    }
}
