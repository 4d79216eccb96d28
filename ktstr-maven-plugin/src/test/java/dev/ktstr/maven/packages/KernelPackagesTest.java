package dev.ktstr.maven.packages;

import static dev.ktstr.maven.packages.Debs.RELEASE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelFiles;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.PackageId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelPackagesTest {
    private static final byte[] IMAGE = Debs.random(300_000, 1);
    private static final byte[] VMLINUX = Debs.random(900_000, 2);
    private static final Meter QUIET = (what, done, total) -> {};

    @TempDir
    private Path directory;

    private Path scratch;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectory(directory.resolve("scratch"));
    }

    /** As Debian has it. */
    private static Tars image() {
        return new Tars()
                .directory("./")
                .directory("./boot/")
                .file("./boot/System.map-" + RELEASE, "nothing")
                .file("./boot/config-" + RELEASE, "CONFIG_X=y\n")
                .file("./boot/vmlinuz-" + RELEASE, IMAGE);
    }

    private static Tars modules(Tars tar, String top) {
        return tar.file(top + RELEASE + "/kernel/fs/ext4/ext4.ko", "ext4")
                .link(top + RELEASE + "/build", '2', "/usr/src/linux")
                .file(top + RELEASE + "/modules.builtin", "kernel/fs/binfmt.ko\n")
                .file(top + RELEASE + "/modules.dep", "not needed")
                .file(top + RELEASE + "/modules.order", "kernel/fs/ext4/ext4.ko\n");
    }

    private static Tars debug() {
        return new Tars()
                .file("./usr/lib/debug/boot/vmlinux-" + RELEASE, VMLINUX)
                .file("./usr/lib/debug/lib/modules/" + RELEASE + "/kernel/fs/ext4/ext4.ko", "with debug information")
                .link("./usr/lib/debug/lib/modules/" + RELEASE + "/vmlinux", '2', "../../../boot/vmlinux-" + RELEASE)
                .link("./usr/lib/debug/vmlinux-" + RELEASE, '2', "boot/vmlinux-" + RELEASE);
    }

    private static KernelPackages open(Path... files) throws IOException {
        return KernelPackages.open(List.of(files), QUIET);
    }

    private KernelFiles unpack(Modules modules, Path... files) throws IOException {
        try (KernelPackages packages = open(files)) {
            return packages.provide(scratch, modules);
        }
    }

    private static byte[] bytes(@Nullable Path file) throws IOException {
        return Files.readAllBytes(Objects.requireNonNull(file));
    }

    private List<String> written() throws IOException {
        try (Stream<Path> files = Files.walk(scratch)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> scratch.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void unpacksWhatMakesUpAKernelAndNothingElse(Compression how) throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(how, modules(image(), "./lib/modules/").end())
                .write(directory, "image.deb");
        Path debug = Debs.named("linux-image-test-dbg").data(how, debug().end()).write(directory, "dbg.deb");

        KernelFiles files = unpack(Modules.BOOT, debug, image);

        assertThat(bytes(files.image())).isEqualTo(IMAGE);
        assertThat(bytes(files.vmlinux())).isEqualTo(VMLINUX);
        assertThat(files.config()).hasContent("CONFIG_X=y\n");
        assertThat(files.modulesDir()).isEqualTo(scratch.resolve("modules"));
        assertThat(written())
                .containsExactly(
                        "config",
                        "image",
                        "modules/kernel/fs/ext4/ext4.ko",
                        "modules/modules.builtin",
                        "modules/modules.order",
                        "vmlinux");
        assertThat(scratch.resolve("modules/kernel/fs/ext4/ext4.ko")).hasContent("ext4");
    }

    @Test
    void leavesModulesAloneThatNobodyWants() throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(modules(image(), "./lib/modules/").end())
                .write(directory, "image.deb");

        KernelFiles files = unpack(Modules.NONE, image);

        assertThat(files.modulesDir()).isNull();
        assertThat(files.vmlinux()).isNull();
        assertThat(written()).containsExactly("config", "image");
    }

    @ParameterizedTest
    @EnumSource
    void decompressesModules(Compression how) throws IOException {
        String name = "./usr/lib/modules/" + RELEASE + "/kernel/fs/xfs/xfs.ko" + how.suffix();
        Path image = Debs.named("linux-image-test")
                .data(image().file(name, Debs.compressed(how, VMLINUX)).end())
                .write(directory, "image.deb");

        unpack(Modules.BOOT, image);

        assertThat(bytes(scratch.resolve("modules/kernel/fs/xfs/xfs.ko"))).isEqualTo(VMLINUX);
    }

    @Test
    void putsTogetherWhatUbuntuHasInSeveralPackages() throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(
                        Compression.ZSTD,
                        new Tars().file("./boot/vmlinuz-" + RELEASE, IMAGE).end())
                .write(directory, "image.deb");
        Path modules = Debs.named("linux-modules-test")
                .data(
                        Compression.ZSTD,
                        modules(new Tars().file("./boot/config-" + RELEASE, "CONFIG_X=y\n"), "./lib/modules/")
                                .end())
                .write(directory, "modules.deb");
        Path extra = Debs.named("linux-modules-extra-test")
                .data(
                        Compression.ZSTD,
                        new Tars()
                                .file("./lib/modules/" + RELEASE + "/kernel/fs/btrfs/btrfs.ko", "btrfs")
                                .end())
                .write(directory, "extra.deb");

        unpack(Modules.ALL, image, modules, extra);

        assertThat(written())
                .contains("image", "config", "modules/kernel/fs/btrfs/btrfs.ko", "modules/modules.builtin");
    }

    @Test
    void takesAnImageFromTheModulesDirectory() throws IOException {
        String top = "./usr/lib/modules/" + RELEASE;
        Path image = Debs.named("linux-image-test")
                .data(new Tars()
                        .file(top + "/vmlinuz", IMAGE)
                        .file(top + "/config", "CONFIG_X=y\n")
                        .end())
                .write(directory, "image.deb");

        KernelFiles files = unpack(Modules.BOOT, image);

        assertThat(bytes(files.image())).isEqualTo(IMAGE);
        assertThat(files.config()).hasContent("CONFIG_X=y\n");
    }

    @Test
    void decompressesAnImageThatCannotDoSoItself() throws IOException {
        Path image = Debs.named("linux-image-test", "arm64")
                .data(new Tars()
                        .file("./boot/vmlinuz-" + RELEASE, Debs.compressed(Compression.GZIP, IMAGE))
                        .end())
                .write(directory, "image.deb");

        try (KernelPackages packages = open(image)) {
            try (InputStream stream = packages.openImage()) {
                assertThat(stream.readAllBytes()).isEqualTo(IMAGE);
            }
            assertThat(bytes(packages.provide(scratch, Modules.BOOT).image())).isEqualTo(IMAGE);
        }
    }

    @Test
    void streamsTheImageWithoutWriting() throws IOException {
        Path debug = Debs.named("linux-image-test-dbg").data(debug().end()).write(directory, "dbg.deb");
        Path image = Debs.named("linux-image-test")
                .data(Compression.XZ, image().end())
                .write(directory, "image.deb");
        try (KernelPackages packages = open(debug, image);
                InputStream stream = packages.openImage()) {
            assertThat(stream.readAllBytes()).isEqualTo(IMAGE);
        }
        assertThat(written()).isEmpty();
    }

    @Test
    void saysWhatPackagesTheyAre() throws Exception {
        Path image = Debs.named("linux-image-test").data(image().end()).write(directory, "image.deb");
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(image)));
        try (KernelPackages packages = open(image)) {
            assertThat(packages.ids()).containsExactly(new PackageId("linux-image-test", "6.1.192-2", "amd64", sha256));
        }
    }

    @Test
    void readsLongNamesAsTarWritesThem() throws IOException {
        String name = "lib/modules/" + RELEASE + "/kernel/" + "drivers/".repeat(20) + "deep.ko";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            for (String each : List.of("./boot/vmlinuz-" + RELEASE, "./" + name)) {
                TarArchiveEntry entry = new TarArchiveEntry(each);
                entry.setSize(UTF_8.encode(each).remaining());
                tar.putArchiveEntry(entry);
                tar.write(each.getBytes(UTF_8));
                tar.closeArchiveEntry();
            }
        }
        Path image = Debs.named("linux-image-test").data(bytes.toByteArray()).write(directory, "image.deb");

        unpack(Modules.BOOT, image);

        assertThat(scratch.resolve(name.replace("lib/modules/" + RELEASE, "modules")))
                .hasContent("./" + name);
    }

    /** What is far behind a debug package's vmlinux is not even decompressed. */
    @Test
    void readsNoFurtherThanNeeded() throws IOException {
        Path image = Debs.named("linux-image-test").data(image().end()).write(directory, "image.deb");
        byte[] tar = debug().file("./usr/lib/debug/large", new byte[20 << 20])
                .file("./usr/lib/debug/late", "late")
                .end();
        byte[] xz = Debs.xzInBlocks(tar, 1 << 20);
        // Spoils the last blocks, but not the index.
        Arrays.fill(xz, xz.length - 1400, xz.length - 1300, (byte) 0x55);
        Path debug =
                Debs.named("linux-image-test-dbg").member("data.tar.xz", xz).write(directory, "dbg.deb");

        assertThat(bytes(unpack(Modules.BOOT, image, debug).vmlinux())).isEqualTo(VMLINUX);
    }

    /** ... but a small one is read to its end, and must not say two things. */
    @Test
    void refusesASecondVmlinuxBehindTheFirst() throws IOException {
        Path debug = Debs.named("linux-image-test-dbg")
                .data(debug().file("./usr/lib/debug/usr/lib/modules/" + RELEASE + "/vmlinux", "another")
                        .end())
                .write(directory, "dbg.deb");
        assertThatThrownBy(() -> unpack(Modules.BOOT, debug)).hasMessageContaining("it has the same vmlinux twice");
    }

    @Test
    void refusesAModuleThatIsAHardLink() throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(image().link("./lib/modules/" + RELEASE + "/a.ko", '1', "./lib/modules/" + RELEASE + "/b.ko")
                        .end())
                .write(directory, "image.deb");
        assertThatThrownBy(() -> unpack(Modules.BOOT, image)).hasMessageContaining("a.ko is a hard link");
    }

    @Test
    void ignoresDevicesWhereNothingIsNeeded() throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(image().link("./dev/null", '3', "")
                        .link("./lib/modules/" + RELEASE + "/a.ko", '6', "")
                        .end())
                .write(directory, "image.deb");
        unpack(Modules.NONE, image);
        assertThat(written()).containsExactly("config", "image");
    }

    @Test
    void reportsHowFarItIs() throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(
                        Compression.ZSTD,
                        image().file("./boot/vmlinux-" + RELEASE, new byte[40 << 20])
                                .end())
                .write(directory, "image.deb");
        StringBuilder said = new StringBuilder();
        try (KernelPackages packages = KernelPackages.open(List.of(image), (what, done, total) -> {
            assertThat(done).isBetween(0L, total == 0 ? Long.MAX_VALUE : total);
            said.append(what).append(' ').append(total).append('\n');
        })) {
            packages.provide(scratch, Modules.BOOT);
        }
        assertThat(said).contains("linux-image-test 0\n").contains("linux-image-test: vmlinux " + (40 << 20) + "\n");
    }

    @Test
    void refusesPackagesOfTwoKernels() throws IOException {
        Path image = Debs.named("linux-image-test").data(image().end()).write(directory, "image.deb");
        Path debug = Debs.named("linux-image-test-dbg")
                .data(new Tars()
                        .file("./usr/lib/debug/boot/vmlinux-6.1.0-57-test", VMLINUX)
                        .end())
                .write(directory, "dbg.deb");
        assertThatThrownBy(() -> unpack(Modules.BOOT, image, debug))
                .isInstanceOfSatisfying(
                        KtstrException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PACKAGE_MISMATCH))
                .hasMessageContaining("usr/lib/debug/boot/vmlinux-6.1.0-57-test belongs to Linux 6.1.0-57-test, but"
                        + " boot/config-6.1.0-56-test in image.deb to 6.1.0-56-test");
    }

    @Test
    void refusesTheSameThingOutOfTwoPackages() throws IOException {
        Path image = Debs.named("linux-image-test").data(image().end()).write(directory, "image.deb");
        Path other = Debs.named("linux-image-other").data(image().end()).write(directory, "other.deb");
        assertThatThrownBy(() -> unpack(Modules.BOOT, image, other))
                .hasMessageStartingWith("KT-PKG-03")
                .hasMessageContaining("boot/config-" + RELEASE + " is the same configuration as boot/config-" + RELEASE
                        + " in image.deb");
    }

    @Test
    void refusesOnePackageTwiceAndPackagesOfTwoArchitectures() throws IOException {
        Path image = Debs.named("linux-image-test").data(image().end()).write(directory, "image.deb");
        Path arm = Debs.named("linux-image-arm", "arm64").data(image().end()).write(directory, "arm.deb");
        assertThatThrownBy(() -> open(image, image))
                .hasMessageContaining("it is the package linux-image-test, and so is");
        assertThatThrownBy(() -> open(image, arm)).hasMessageContaining("it is for arm64, but image.deb for amd64");
    }

    @Test
    void refusesPackagesWithoutABootImage() throws IOException {
        Path debug = Debs.named("linux-image-test-dbg").data(debug().end()).write(directory, "dbg.deb");
        assertThatThrownBy(() -> unpack(Modules.BOOT, debug))
                .hasMessageStartingWith("KT-PKG-03")
                .hasMessageContaining("no boot image")
                .hasMessageContaining("linux-image-...");
        try (KernelPackages packages = open(debug)) {
            assertThatThrownBy(packages::openImage).hasMessageContaining("no boot image");
        }
    }

    @ParameterizedTest
    @ValueSource(chars = {'1', '2', '5'})
    void refusesAnImageThatIsNoRegularFileAndSaysSo(char type) throws IOException {
        Path image = Debs.named("linux-image-test")
                .data(new Tars()
                        .link("./boot/vmlinuz-" + RELEASE, type, "/etc/passwd")
                        .end())
                .write(directory, "image.deb");
        assertThatThrownBy(() -> unpack(Modules.BOOT, image)).hasMessageContaining("is a link or a directory");
        try (KernelPackages packages = open(image)) {
            assertThatThrownBy(packages::openImage).hasMessageContaining("is a link or a directory");
        }
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void refusesAPackageThatIsWrittenToMeanwhile() throws IOException {
        Path image = Debs.named("linux-image-test").data(image().end()).write(directory, "image.deb");
        try (KernelPackages packages = open(image)) {
            Files.setLastModifiedTime(image, FileTime.fromMillis(1));
            assertThatThrownBy(() -> packages.provide(scratch, Modules.BOOT)).hasMessageStartingWith("KT-STORE-06");
        }
    }
}
