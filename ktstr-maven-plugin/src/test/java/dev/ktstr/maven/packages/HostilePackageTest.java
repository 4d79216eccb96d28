package dev.ktstr.maven.packages;

import static dev.ktstr.maven.packages.Debs.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.Modules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Packages that somebody made to do harm. After each, all is as it was outside of the scratch directory. */
@Timeout(120)
class HostilePackageTest {
    private static final String MODULES = "./lib/modules/" + RELEASE + "/";
    private static final String VMLINUZ = "./boot/vmlinuz-" + RELEASE;
    private static final int CHUNK = 64 << 20;

    @TempDir
    private Path directory;

    private Path scratch;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectory(directory.resolve("scratch"));
        Files.writeString(directory.resolve("sentinel"), "untouched");
    }

    @AfterEach
    void nothingElseWasTouched() throws IOException {
        assertThat(directory.resolve("sentinel")).hasContent("untouched");
        try (Stream<Path> beside = Files.list(directory)) {
            assertThat(beside.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("scratch", "sentinel", "hostile.deb");
        }
        try (Stream<Path> files = Files.walk(scratch)) {
            assertThat(files)
                    .allMatch(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                            || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS));
        }
        assertThat(Path.of("/tmp/ktstr-hostile")).doesNotExist();
    }

    private static Tars good() {
        return new Tars().file(VMLINUZ, "image");
    }

    static Stream<Arguments> tars() {
        byte[] negative = new byte[12];
        Arrays.fill(negative, (byte) 0xff);
        byte[] huge = new byte[12];
        huge[0] = (byte) 0x80;
        huge[5] = 0x7f;
        return Stream.of(
                arguments("leads out", good().file("./boot/../../sentinel", "x")),
                arguments("leads out", good().file(MODULES + "../../../sentinel.ko", "x")),
                arguments("leads out", good().directory("../")),
                arguments("leads out", good().file("./usr/share/doc/..", "x")),
                arguments("absolute name", good().file("/tmp/ktstr-hostile", "x")),
                arguments("absolute name", good().file(".//tmp/ktstr-hostile", "x")),
                arguments(
                        "absolute name",
                        good().longName("/tmp/" + "/".repeat(200) + "ktstr-hostile")
                                .file("x", "x")),
                arguments(
                        "leads out",
                        good().longName(MODULES + "x/".repeat(60) + "../y.ko").file("x", "x")),
                arguments("roundabout", good().file(MODULES + "a//b.ko", "x")),
                arguments("roundabout", good().file(MODULES + "./b.ko", "x")),
                arguments("control characters", good().file(MODULES + "a\nb.ko", "x")),
                arguments("control characters", good().file(MODULES + "a\u001b[2Jb.ko", "x")),
                arguments(
                        "control characters",
                        good().longName(MODULES + "a\0" + "b".repeat(200) + ".ko")
                                .file("x", "x")),
                arguments("not plain ASCII", good().file(MODULES + "\u00e4.ko", "x")),
                arguments("not plain ASCII", good().file(MODULES + "a b.ko", "x")),
                arguments(
                        "too long for a file",
                        good().longName(MODULES + "a".repeat(256) + ".ko").file("x", "x")),
                arguments(
                        "characters long",
                        good().longName(MODULES + "ab/".repeat(500) + ".ko").file("x", "x")),
                arguments(
                        "several long names",
                        good().longName("x").longName("x").longName("x").file("x", "x")),
                arguments("takes 5000 bytes", good().longName("x".repeat(4999)).file("x", "x")),
                arguments("takes 8589934591 bytes", good().header("././@LongLink", 'L', 0_77777777777L, "")),
                arguments("same boot image twice", good().file(VMLINUZ, "another")),
                arguments("same boot image twice", good().file(MODULES + "vmlinuz", "another")),
                arguments(
                        "same module twice", good().file(MODULES + "a.ko", "x").file(MODULES + "a.ko.gz", new byte[0])),
                arguments("both a file and", good().file(MODULES + "a.ko", "x").file(MODULES + "a.ko/b.ko", "x")),
                arguments("type 'x'", good().header("pax", 'x', 1 << 30, "")),
                arguments("type 'g'", good().header("pax", 'g', 20, "").bytes(new byte[20])),
                arguments(
                        "type 'S'",
                        good().header(MODULES + "a.ko", 'S', 512, "").bytes(new byte[512])),
                arguments("a member of -", good().header(MODULES + "a.ko", '0', negative, "")),
                arguments("bomb", good().header(MODULES + "a.ko", '0', huge, "")),
                arguments("bomb", good().header("./not/needed", '0', huge, "")),
                arguments("bomb", good().header("./usr/lib/debug/boot/vmlinux-" + RELEASE, '0', 7L << 30, "")),
                arguments(
                        "claims to have",
                        good().header("./boot/link", '2', 100, "x").bytes(new byte[100])),
                arguments("claims to have", good().header("./dev", '3', 100, "").bytes(new byte[100])),
                arguments("claims to have", good().file(MODULES + "a.ko/", "x")),
                arguments(
                        "claims to have",
                        good().longName(MODULES + "x/".repeat(60)).file("x", "x")),
                arguments(
                        "not called ././@LongLink",
                        good().header("x/", 'L', 2, "")
                                .bytes(new byte[] {'x', 0})
                                .file("x", "x")),
                arguments("a device or a pipe", good().link("./boot/config-" + RELEASE, '3', "")),
                arguments("a device or a pipe", good().link("./boot/vmlinux-" + RELEASE, '4', "")),
                arguments("a device or a pipe", good().link(MODULES + "a.ko", '6', "")),
                arguments("a device or a pipe", good().link("./usr/lib/modules/" + RELEASE + "/vmlinuz", '6', "")),
                arguments("a boot image has at most", new Tars().header(VMLINUZ, '0', 257L << 20, "")),
                arguments(
                        "a configuration has at most", good().header("./boot/config-" + RELEASE, '0', 17L << 20, "")));
    }

    @ParameterizedTest(name = "{index} {0}")
    @MethodSource("tars")
    void refusesWhatNoPackageHas(String why, Tars tar) throws IOException {
        // As much as it takes for the size not to be what is refused.
        Debs deb = Debs.named("linux-image-test").data(tar.end());
        if (why.contains("at most")) {
            deb.data(Arrays.copyOf(tar.open(), 8 << 20));
        }
        assertRefused(deb, ErrorCode.PACKAGE_HOSTILE, why);
    }

    private void assertRefused(Debs deb, ErrorCode code, String why) throws IOException {
        Path file = deb.write(directory, "hostile.deb");
        Path fresh = Files.createTempDirectory(scratch, "round");
        assertThatThrownBy(() -> {
                    try (KernelPackages packages = KernelPackages.open(List.of(file), (what, done, total) -> {})) {
                        packages.provide(fresh, Modules.ALL);
                    }
                })
                .isInstanceOfSatisfying(PackageException.class, refused -> {
                    assertThat(refused.code()).as(refused.getMessage()).isEqualTo(code);
                    assertThat(refused.path()).contains(file);
                    assertThat(refused.problem())
                            .startsWith("unpacking hostile.deb: ")
                            .doesNotContain("\n");
                })
                .hasMessageContaining(why);
    }

    static Stream<Arguments> damaged() throws IOException {
        byte[] image = good().open();
        byte[] wrongSum = good().end();
        wrongSum[1]++;
        byte[] backAfterEnd = new byte[image.length + 512];
        System.arraycopy(image, 0, backAfterEnd, 512, image.length);
        return Stream.of(
                arguments("cut off", image),
                arguments("cut off", Arrays.copyOf(image, 700)),
                arguments("cut off", Arrays.copyOf(image, image.length + 100)),
                arguments("checksum", wrongSum),
                arguments("goes on after its end", backAfterEnd),
                arguments("goes on after its end", concat(good().end(), good().end())));
    }

    private static byte[] concat(byte[] one, byte[] two) {
        byte[] both = Arrays.copyOf(one, one.length + two.length);
        System.arraycopy(two, 0, both, one.length, two.length);
        return both;
    }

    @ParameterizedTest
    @MethodSource("damaged")
    void refusesADamagedTar(String why, byte[] tar) throws IOException {
        assertRefused(Debs.named("linux-image-test").data(tar), ErrorCode.PACKAGE_UNUSABLE, why);
    }

    /** Compressed, it is tens of kilobytes to megabytes. */
    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ", "ZSTD"})
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void refusesTenGigabytesOfZeros(Compression how) throws IOException {
        byte[] zeros = tenGigabytes(how);

        // ... in place of members,
        byte[] start = Debs.compressed(how, new Tars().file(VMLINUZ, "image").open());
        assertRefused(
                Debs.named("linux-image-test").member("data.tar" + how.suffix(), concat(start, zeros)),
                ErrorCode.PACKAGE_HOSTILE,
                "goes on after its end");

        // ... as a member,
        byte[] member = Debs.compressed(
                how, new Tars().header("./large", '0', 7L << 30, "").open());
        assertRefused(
                Debs.named("linux-image-test").member("data.tar" + how.suffix(), concat(member, zeros)),
                ErrorCode.PACKAGE_HOSTILE,
                "bomb");

        // ... as what the package says of itself,
        assertRefused(
                Debs.empty()
                        .member("debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII))
                        .member("control.tar" + how.suffix(), zeros)
                        .data(good().end()),
                ErrorCode.PACKAGE_HOSTILE,
                "goes on after its end");

        // ... and as a module.
        assertRefused(
                Debs.named("linux-image-test")
                        .data(new Tars()
                                .file(MODULES + "a.ko" + how.suffix(), zeros)
                                .end()),
                ErrorCode.PACKAGE_HOSTILE,
                how == Compression.ZSTD || how == Compression.XZ ? "bomb" : "512 MiB");
    }

    @Test
    void refusesAnImageThatDecompressesForEver() throws IOException {
        assertRefused(
                Debs.named("linux-image-test")
                        .data(new Tars()
                                .file(VMLINUZ, tenGigabytes(Compression.GZIP))
                                .end()),
                ErrorCode.PACKAGE_HOSTILE,
                "boot/vmlinuz-6.1.0-56-test unpacks to more than 256 MiB");
    }

    /** Also where the image is only looked at, before there is a key. */
    @Test
    void refusesTheSameWhenItOnlyLooks() throws IOException {
        Debs endless = Debs.named("linux-image-test")
                .data(new Tars().file(VMLINUZ, tenGigabytes(Compression.GZIP)).end());
        assertRefusedToLook(endless, "boot/vmlinuz-6.1.0-56-test unpacks to more than 256 MiB");
        byte[] large = new Tars().header(VMLINUZ, '0', 257L << 20, "").open();
        assertRefusedToLook(
                Debs.named("linux-image-test").data(Arrays.copyOf(large, 8 << 20)), "a boot image has at most 256 MiB");
        byte[] pipe = new Tars().link(VMLINUZ, '6', "").end();
        assertRefusedToLook(Debs.named("linux-image-test").data(pipe), "is a device or a pipe");
    }

    private void assertRefusedToLook(Debs deb, String why) throws IOException {
        Path file = deb.write(directory, "hostile.deb");
        assertThatThrownBy(() -> {
                    try (KernelPackages packages = KernelPackages.open(List.of(file), (what, done, total) -> {});
                            InputStream image = packages.openImage()) {
                        image.transferTo(OutputStream.nullOutputStream());
                    }
                })
                .hasMessageStartingWith("KT-PKG-02")
                .hasMessageContaining(why);
    }

    private static byte[] tenGigabytes(Compression how) throws IOException {
        byte[] some = Debs.compressed(how, new byte[CHUNK]);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (long size = 0; size < 10L << 30; size += CHUNK) {
            all.writeBytes(some);
        }
        return all.toByteArray();
    }

    @Test
    void refusesAControlFileOfAHundredMegabytes() throws IOException {
        Tars tar = new Tars().file("./control", new byte[100 << 20]);
        assertRefused(
                Debs.empty()
                        .member("debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII))
                        .member("control.tar", tar.end())
                        .data(good().end()),
                ErrorCode.PACKAGE_HOSTILE,
                "its control file has 104857600 bytes");
    }

    enum Where {
        DATA,
        MODULE
    }

    /** The header of a block says how much memory it takes to decode it: here 1 GiB, and 4 GiB less a byte. */
    @ParameterizedTest
    @EnumSource
    void refusesAHugeDictionary(Where where) throws IOException {
        for (int size : new int[] {36, 40}) {
            byte[] xz = hugeDictionary(Debs.compressed(Compression.XZ, good().end()), size);
            Debs deb = where == Where.DATA
                    ? Debs.named("linux-image-test").member("data.tar.xz", xz)
                    : Debs.named("linux-image-test")
                            .data(new Tars().file(MODULES + "a.ko.xz", xz).end());
            assertRefused(deb, ErrorCode.PACKAGE_UNUSABLE, size == 36 ? "MiB of memory" : "in an unusual way");
        }
    }

    /** The xz file format, 3.1: the block's header begins at 12, LZMA2's only property is the dictionary's size. */
    private static byte[] hugeDictionary(byte[] xz, int size) {
        int header = 12;
        int length = (xz[header] + 1) * 4;
        int at = header + 2;
        while (xz[at] != 0x21) {
            at++;
        }
        xz[at + 2] = (byte) size;
        CRC32 crc = new CRC32();
        crc.update(xz, header, length - 4);
        for (int i = 0; i < 4; i++) {
            xz[header + length - 4 + i] = (byte) (crc.getValue() >> (8 * i));
        }
        return xz;
    }

    @Test
    void refusesArchivesInTheArchiveThatAreNotThere() throws IOException {
        byte[] tar = good().end();
        assertRefused(Debs.named("x1"), ErrorCode.PACKAGE_UNUSABLE, "no member data.tar");
        assertRefused(Debs.empty().data(tar), ErrorCode.PACKAGE_UNUSABLE, "no member debian-binary");
        assertRefused(
                Debs.named("x1")
                        .member("debian-binary", "3.0\n".getBytes(StandardCharsets.US_ASCII))
                        .data(tar),
                ErrorCode.PACKAGE_UNUSABLE,
                "format 3.0");
        assertRefused(Debs.named("x1").member("data.tar.lzma", tar), ErrorCode.PACKAGE_UNUSABLE, "data.tar.lzma is");
        assertRefused(
                Debs.empty()
                        .member("debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII))
                        .member("control.tar", new Tars().end())
                        .data(tar),
                ErrorCode.PACKAGE_UNUSABLE,
                "no control file");
    }

    @ParameterizedTest
    @MethodSource
    void refusesAControlFileThatSaysOddThings(String why, String control) throws IOException {
        assertRefused(Debs.withControl(control).data(good().end()), ErrorCode.PACKAGE_UNUSABLE, why);
    }

    static Stream<Arguments> refusesAControlFileThatSaysOddThings() {
        return Stream.of(
                arguments("the field Version of its control file is missing", "Package: xx\nArchitecture: all\n"),
                arguments("the field Package", "Package: ../../x\nVersion: 1\nArchitecture: all\n"),
                arguments("the field Package", "Version: 1\n Package: continued\nArchitecture: all\n"),
                arguments("\\u001b[2J", "Package: xx\nVersion: 1\u001b[2J\nArchitecture: all\n"));
    }
}
