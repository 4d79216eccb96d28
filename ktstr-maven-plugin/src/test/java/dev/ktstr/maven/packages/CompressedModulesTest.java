package dev.ktstr.maven.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.cache.KernelFiles;
import dev.ktstr.cache.Modules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompressedModulesTest {
    private static final byte[] MODULE = "module".repeat(1000).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    private Path top;
    private Path scratch;

    @BeforeEach
    void makeDirectories() throws IOException {
        top = Files.createDirectories(directory.resolve("lib/modules/6.12"));
        scratch = Files.createDirectory(directory.resolve("scratch"));
    }

    private void module(String path, byte[] contents) throws IOException {
        Path file = top.resolve(path);
        Files.createDirectories(file.getParent());
        Files.write(file, contents);
    }

    @Test
    void decompressesAllKindsAndTakesTheOthersAsTheyAre() throws IOException {
        for (Compression how : Compression.values()) {
            module("kernel/fs/" + how.name() + ".ko" + how.suffix(), Debs.compressed(how, MODULE));
        }
        module("modules.builtin", MODULE);
        module("modules.dep.bin", MODULE);
        Files.createSymbolicLink(top.resolve("build"), directory);
        Files.createSymbolicLink(top.resolve("link.ko.xz"), top.resolve("kernel/fs/XZ.ko.xz"));

        KernelFiles files = new CompressedModules(top, (what, done, total) -> {}).provide(scratch, Modules.BOOT);

        Path target = scratch.resolve("modules");
        assertThat(files).isEqualTo(new KernelFiles(null, null, null, target));
        try (Stream<Path> written = Files.walk(target)) {
            assertThat(written.filter(Files::isRegularFile)
                            .map(file -> target.relativize(file).toString()))
                    .containsExactlyInAnyOrder(
                            "modules.builtin",
                            "kernel/fs/NONE.ko",
                            "kernel/fs/GZIP.ko",
                            "kernel/fs/XZ.ko",
                            "kernel/fs/ZSTD.ko");
        }
        assertThat(target.resolve("kernel/fs/XZ.ko")).hasBinaryContent(MODULE);
        assertThat(target.resolve("kernel/fs/ZSTD.ko")).hasBinaryContent(MODULE);
    }

    @Test
    void writesNothingThatNobodyWants() throws IOException {
        module("a.ko.gz", Debs.compressed(Compression.GZIP, MODULE));
        new CompressedModules(top, (what, done, total) -> {}).provide(scratch, Modules.NONE);
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void knowsWhetherItIsNeeded() throws IOException {
        module("kernel/a.ko", MODULE);
        assertThat(CompressedModules.areIn(top)).isFalse();
        assertThat(CompressedModules.areIn(top.resolve("nowhere"))).isFalse();
        module("kernel/b.ko.zst", MODULE);
        assertThat(CompressedModules.areIn(top)).isTrue();
        assertThat(CompressedModules.areIn(Files.createSymbolicLink(directory.resolve("link"), top)))
                .isTrue();
    }

    @Test
    void namesTheModuleThatIsDamaged() throws IOException {
        byte[] xz = Debs.compressed(Compression.XZ, MODULE);
        module("kernel/b.ko.xz", Arrays.copyOf(xz, xz.length / 2));
        assertThatThrownBy(() -> new CompressedModules(top, (what, done, total) -> {}).provide(scratch, Modules.ALL))
                .hasMessageStartingWith("KT-PKG-01  unpacking b.ko.xz: it is damaged or cut off")
                .hasMessageContaining("path  " + top.resolve("kernel/b.ko.xz"));
    }

    @Test
    void refusesOneModuleInTwoForms() throws IOException {
        module("kernel/b.ko", MODULE);
        module("kernel/b.ko.gz", Debs.compressed(Compression.GZIP, MODULE));
        assertThatThrownBy(() -> new CompressedModules(top, (what, done, total) -> {}).provide(scratch, Modules.ALL))
                .hasMessageStartingWith("KT-PKG-03")
                .hasMessageContaining("is there twice");
    }
}
