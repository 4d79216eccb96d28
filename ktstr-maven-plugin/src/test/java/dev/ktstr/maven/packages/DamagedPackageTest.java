package dev.ktstr.maven.packages;

import static dev.ktstr.maven.packages.Debs.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.Modules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Packages of which a part is missing, or is not what it was, and files that never were packages. */
@Timeout(120)
class DamagedPackageTest {
    private static final byte[] IMAGE = Debs.random(20_000, 1);
    private static final byte[] MODULE = "text that compresses ".repeat(3000).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    private Path file;
    private int rounds;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("image.deb");
    }

    private static byte[] tar(Compression modules) throws IOException {
        return new Tars()
                .file("./boot/vmlinuz-" + RELEASE, IMAGE)
                .file("./lib/modules/" + RELEASE + "/a.ko" + modules.suffix(), Debs.compressed(modules, MODULE))
                .end();
    }

    private Path unpack(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        Path scratch = Files.createDirectory(directory.resolve("scratch-" + rounds++));
        try (KernelPackages packages = KernelPackages.open(List.of(file), (what, done, total) -> {})) {
            packages.provide(scratch, Modules.ALL);
        }
        return scratch;
    }

    @ParameterizedTest
    @EnumSource
    void refusesAPackageCutOffAnywhere(Compression how) throws IOException {
        byte[] whole = Debs.named("linux-image-test").data(how, tar(how)).bytes();
        // ar fills up to an even length, and that byte says nothing.
        int end = whole[whole.length - 1] == '\n' ? whole.length - 1 : whole.length;
        for (int length = 0; length < end; length += length < 1000 || length > end - 300 ? 7 : 997) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> unpack(part))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(PackageException.class)
                    .hasMessageStartingWith("KT-PKG-01");
        }
    }

    /** The archive around it is whole: somebody packed a file that had not been downloaded to its end. */
    @ParameterizedTest
    @EnumSource
    void refusesCompressedDataCutOffAnywhere(Compression how) throws IOException {
        byte[] data = Debs.compressed(how, tar(Compression.NONE));
        for (int length = 0; length < data.length; length += length > data.length - 100 ? 1 : 331) {
            if (how == Compression.NONE && length >= data.length - Tars.RECORD) {
                break; // one record of zeros is an end, as for tar itself
            }
            byte[] deb = Debs.named("linux-image-test")
                    .member("data.tar" + how.suffix(), Arrays.copyOf(data, length))
                    .bytes();
            assertThatThrownBy(() -> unpack(deb))
                    .as("%d of %d bytes", length, data.length)
                    .isInstanceOf(PackageException.class)
                    .hasMessageStartingWith("KT-PKG-0");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ", "ZSTD"})
    void refusesAModuleCutOffAnywhere(Compression how) throws IOException {
        byte[] module = Debs.compressed(how, MODULE);
        for (int length = 0; length < module.length; length += length > module.length - 50 ? 1 : 17) {
            byte[] tar = new Tars()
                    .file("./boot/vmlinuz-" + RELEASE, IMAGE)
                    .file("./lib/modules/" + RELEASE + "/a.ko" + how.suffix(), Arrays.copyOf(module, length))
                    .end();
            byte[] deb = Debs.named("linux-image-test").data(tar).bytes();
            assertThatThrownBy(() -> unpack(deb))
                    .as("%d of %d bytes", length, module.length)
                    .isInstanceOf(PackageException.class)
                    .hasMessageStartingWith("KT-PKG-01");
        }
    }

    /** Whatever is flipped: an error of ours, or nothing that matters was hit; never a crash, never other contents. */
    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ", "ZSTD"})
    void neverTakesChangedBytesForContents(Compression how) throws IOException {
        long seed = 20261121;
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole =
                Debs.named("linux-image-test").data(how, tar(Compression.NONE)).bytes();
        for (int round = 0; round < 400; round++) {
            byte[] changed = whole.clone();
            int at = random.nextInt(whole.length);
            changed[at] ^= (byte) (1 << random.nextInt(8));
            try {
                Path scratch = unpack(changed);
                assertThat(scratch.resolve("image")).as("bit flipped at %d", at).hasBinaryContent(IMAGE);
                assertThat(scratch.resolve("modules/a.ko")).hasBinaryContent(MODULE);
            } catch (PackageException refused) {
                assertThat(refused).hasMessageStartingWith("KT-PKG-0");
            }
        }
    }

    /** A library quotes the field of a tar header in which it found no number. */
    @Test
    void repeatsNothingThatDrivesATerminal() throws IOException {
        byte[] tar = tar(Compression.NONE);
        tar[102] = 0x1b; // in the mode
        byte[] deb =
                Debs.named("linux-image-test").data(PackageFuzzTest.mended(tar)).bytes();
        assertThatThrownBy(() -> unpack(deb))
                .isInstanceOfSatisfying(
                        PackageException.class,
                        refused -> assertThat(refused.problem())
                                .contains("data.tar is damaged or cut off: ")
                                .doesNotContainPattern("\\p{Cc}"));
    }

    @ParameterizedTest
    @CsvSource({
        "edabeedb0300, an .rpm package, rpm2cpio",
        "1f8b0800, a gzip file, .deb file itself",
        "7f454c4602, an ELF file, as vmlinux",
        "4d5aea07, a boot image, as image",
        "3c21444f43545950452068746d6c3e, a web page, download",
        "504b0304, a zip file, .deb files in it",
        "2d2d2d2d, something else, apt-get download",
        "213c6172, something else, apt-get download",
        "'', an empty file, download it again"
    })
    void saysWhatAFileIsThatIsNoPackage(String hex, String what, String remedy) throws IOException {
        Files.write(file, HexFormat.of().parseHex(hex));
        assertThatThrownBy(() -> Deb.open(file))
                .hasMessageStartingWith("KT-PKG-01  unpacking image.deb: it is no Debian package, but " + what)
                .hasMessageContaining("path  " + file)
                .hasMessageContaining(remedy);
    }

    @Test
    void saysWhatATarIs() throws IOException {
        Files.write(file, tar(Compression.NONE));
        assertThatThrownBy(() -> Deb.open(file)).hasMessageContaining("but a tar archive");
    }

    @Test
    void saysThatThereIsNothingOrADirectory() {
        assertThatThrownBy(() -> Deb.open(file))
                .hasMessageStartingWith("KT-PKG-01")
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> Deb.open(directory)).hasMessageContaining("but a directory");
        assertThatThrownBy(() -> Deb.open(Path.of("/dev/null"))).hasMessageContaining("but not a regular file");
    }
}
