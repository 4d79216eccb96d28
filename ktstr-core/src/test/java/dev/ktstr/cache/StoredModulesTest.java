package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.StoreResult.Outcome;
import dev.ktstr.elf.TestVmlinux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which modules an entry gets, in which order, and what happens to those that cannot be stored. */
class StoredModulesTest {
    private static final String RELEASE = "vermagic=6.12.0-test SMP mod_unload ";

    @TempDir
    Path directory;

    StoreFixture fixture;
    Path modules;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
        modules = Files.createDirectories(directory.resolve("lib/modules/6.12.0-test"));
    }

    private Path module(String path, String... info) throws IOException {
        String[] lines = Stream.concat(Stream.of(RELEASE), Arrays.stream(info)).toArray(String[]::new);
        return TestVmlinux.module(modules.resolve(path), lines);
    }

    private StoreResult store(Modules choice) throws IOException {
        return fixture.cache()
                .store(fixture.request("k").modulesDir(modules).modules(choice).build());
    }

    private static List<String> names(KernelEntry entry) {
        return entry.modules().stream()
                .map(file -> file.getFileName().toString())
                .toList();
    }

    private static StoredDetails details(KernelEntry entry) {
        return Objects.requireNonNull(entry.metadata().jvm());
    }

    @Test
    void whatABootNeedsIsStoredInLoadOrder() throws Exception {
        module("kernel/drivers/virtio/virtio_pci.ko", "depends=virtio,virtio_ring");
        module("kernel/drivers/virtio/virtio.ko", "depends=virtio_ring");
        Path ring = module("kernel/drivers/virtio/virtio_ring.ko", "depends=");
        module("kernel/sound/pcsp.ko");

        KernelEntry entry = store(Modules.BOOT).entry();

        assertThat(names(entry)).containsExactly("000-virtio_ring.ko", "001-virtio.ko", "002-virtio_pci.ko");
        assertThat(entry.modules().get(0)).hasSameBinaryContentAs(ring);
        assertThat(details(entry).modules()).isEqualTo("boot");
        assertThat(details(entry).files())
                .containsOnlyKeys("modules/000-virtio_ring.ko", "modules/001-virtio.ko", "modules/002-virtio_pci.ko");
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
        assertThat(fixture.warnings()).isEmpty();
    }

    @Test
    void whatASoftDependencyNamesComesBeforeOrAfter() throws Exception {
        module("kernel/fs/btrfs/btrfs.ko", "softdep=pre: blake2b-256 not-there post: late", "depends=libcrc32c");
        module("kernel/lib/libcrc32c.ko", "softdep=pre: crc32c");
        module("kernel/arch/x86/crypto/crc32c-intel.ko", "alias=crypto-crc32c", "alias=crc32c");
        module("kernel/crypto/crc32c_generic.ko", "alias=crc32c");
        module("kernel/crypto/blake2b_generic.ko", "alias=blake2b-256");
        module("kernel/lib/late.ko");

        assertThat(names(store(Modules.BOOT).entry()))
                .containsExactly(
                        "000-crc32c_generic.ko",
                        "001-crc32c-intel.ko",
                        "002-libcrc32c.ko",
                        "003-blake2b_generic.ko",
                        "004-btrfs.ko",
                        "005-late.ko");
    }

    @Test
    void modulesThatNeedEachOtherDoNotGoRoundForEver() throws Exception {
        module("kernel/a/xfs.ko", "depends=libcrc32c");
        module("kernel/a/libcrc32c.ko", "depends=xfs", "softdep=pre: xfs libcrc32c");

        assertThat(names(store(Modules.BOOT).entry())).containsExactly("000-libcrc32c.ko", "001-xfs.ko");
    }

    @Test
    void aModuleThatNeedsAMissingOneIsLeftOutAndSaidSo() throws Exception {
        module("kernel/fs/xfs/xfs.ko", "depends=libcrc32c");
        module("kernel/lib/libcrc32c.ko", "depends=nowhere");
        module("kernel/drivers/block/virtio_blk.ko", "softdep=pre: libcrc32c");

        assertThat(names(store(Modules.BOOT).entry())).containsExactly("000-virtio_blk.ko");
        assertThat(fixture.warnings())
                .containsExactly("module xfs is left out, because it needs nowhere, which is not in " + modules);
    }

    @Test
    void anUpdateGoesBeforeTheKernelsOwn() throws Exception {
        module("kernel/fs/xfs/xfs.ko", "description=old");
        Path update = module("updates/dkms/xfs.ko", "description=new");

        assertThat(store(Modules.BOOT).entry().modules())
                .singleElement()
                .satisfies(stored -> assertThat(stored).hasSameBinaryContentAs(update));
    }

    @Test
    void allAddsTheTreeWithADependencyFileOfOurs() throws Exception {
        module("kernel/drivers/virtio/virtio_pci.ko", "depends=virtio,virtio_ring");
        module("kernel/drivers/virtio/virtio.ko", "depends=virtio_ring");
        module("kernel/drivers/virtio/virtio_ring.ko");
        module("kernel/sound/pcsp.ko", "depends=not_here");
        Files.writeString(modules.resolve("modules.builtin"), "kernel/fs/ext4/ext4.ko\n");
        Files.writeString(modules.resolve("modules.dep"), "theirs");

        KernelEntry entry = store(Modules.ALL).entry();

        Path tree = entry.directory().resolve("modules/tree");
        assertThat(names(entry)).hasSize(3);
        assertThat(tree.resolve("modules.dep")).content().isEqualTo("""
                kernel/sound/pcsp.ko:
                kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
                kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
                kernel/drivers/virtio/virtio_ring.ko:
                """);
        assertThat(tree.resolve("kernel/sound/pcsp.ko")).isRegularFile();
        assertThat(tree.resolve("modules.builtin")).isRegularFile();
        assertThat(details(entry).files())
                .containsKeys("modules/tree/modules.dep", "modules/tree/kernel/sound/pcsp.ko");
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
        Files.writeString(tree.resolve("modules.dep"), "changed");
        assertThat(fixture.cache().verify("k").problems())
                .singleElement()
                .asString()
                .contains("modules.dep");
    }

    @Test
    void anotherChoiceIsAnotherKernel() throws Exception {
        module("kernel/fs/xfs/xfs.ko");

        assertThat(store(Modules.BOOT).outcome()).isEqualTo(Outcome.STORED);
        assertThat(store(Modules.BOOT).outcome()).isEqualTo(Outcome.ALREADY_STORED);
        assertThat(store(Modules.ALL).outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(store(Modules.NONE).entry().modules()).isEmpty();
        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.ALREADY_STORED);
    }

    @Test
    void anEntryThatLosesItsModulesIsReplacedWithAWarning() throws Exception {
        module("kernel/fs/xfs/xfs.ko");
        store(Modules.BOOT);

        assertThat(fixture.store("k").outcome()).isEqualTo(Outcome.REPLACED);
        assertThat(fixture.warnings()).singleElement().asString().contains("had modules");
    }

    @Test
    void aMissingModuleMakesALeaseFailAndTheNextStoreMendsIt() throws Exception {
        module("kernel/fs/xfs/xfs.ko");
        Files.delete(store(Modules.BOOT).entry().modules().get(0));

        assertThatThrownBy(() -> fixture.cache().lease("k")).hasMessageContaining("modules/000-xfs.ko is missing");
        assertThat(store(Modules.BOOT).outcome()).isEqualTo(Outcome.REPLACED);
        fixture.cache().lease("k").close();
    }

    @Test
    void modulesOfAnotherKernelAreRefused() throws Exception {
        TestVmlinux.module(modules.resolve("kernel/xfs.ko"), "vermagic=6.13.0 SMP ");

        assertRefused(ErrorCode.INPUT_DISAGREES, "the boot image is 6.12.0-test, but this module is for 6.13.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"xfs.ko.xz", "xfs.ko.zst", "xfs.ko.gz"})
    void compressedModulesAreRefused(String name) throws Exception {
        Files.writeString(modules.resolve(name), "compressed");

        assertRefused(ErrorCode.INPUT_UNUSABLE, "it is compressed");
    }

    @Test
    void aBrokenModuleIsRefused() throws Exception {
        Path module = module("kernel/fs/xfs.ko");
        byte[] bytes = Files.readAllBytes(module);
        Files.write(module, Arrays.copyOf(bytes, bytes.length / 2));

        assertRefused(ErrorCode.INPUT_UNUSABLE, "its modules cannot be read");
    }

    private void assertRefused(ErrorCode code, String text) throws IOException {
        assertThatThrownBy(() -> store(Modules.BOOT))
                .isInstanceOfSatisfying(
                        KtstrException.class,
                        failure -> assertThat(failure.code()).isEqualTo(code))
                .hasMessageContaining(text);
        assertThat(fixture.names()).isEmpty();
        assertThat(store(Modules.NONE).outcome()).isEqualTo(Outcome.STORED);
    }

    @Test
    void aMissingDirectoryIsRefusedBeforeAnythingIsTouched() {
        assertThatThrownBy(() -> fixture.cache()
                        .store(fixture.request("k")
                                .modulesDir(directory.resolve("absent"))
                                .build()))
                .hasMessageContaining("there is no such directory");
        assertThat(fixture.root).doesNotExist();
    }

    @Test
    void aDirectoryWithoutModulesIsSaid() throws Exception {
        assertThat(store(Modules.BOOT).entry().modules()).isEmpty();
        assertThat(fixture.warnings()).singleElement().asString().contains("no modules were found");
        assertThat(store(Modules.BOOT).outcome()).isEqualTo(Outcome.ALREADY_STORED);
    }

    @Test
    void linksAreNotFollowed() throws Exception {
        Path outside = TestVmlinux.module(directory.resolve("elsewhere/xfs.ko"), RELEASE);
        Files.createSymbolicLink(modules.resolve("build"), outside.getParent());
        Files.createSymbolicLink(modules.resolve("xfs.ko"), outside);

        assertThat(store(Modules.BOOT).entry().modules()).isEmpty();
    }

    @Test
    void aDirectoryMayBeALink() throws Exception {
        module("kernel/fs/xfs/xfs.ko");
        Path link = Files.createSymbolicLink(directory.resolve("current"), modules);

        StoreRequest request = fixture.request("k").modulesDir(link).build();
        assertThat(fixture.cache().store(request).entry().modules()).hasSize(1);
    }

    @Test
    void aSoftDependencyThatNeedsTheModuleItselfDoesNotComeBeforeIt() throws Exception {
        module("kernel/fs/xfs/xfs.ko", "softdep=pre: helper");
        module("kernel/lib/helper.ko", "depends=xfs");

        assertThat(names(store(Modules.BOOT).entry())).containsExactly("000-xfs.ko");
    }

    @Test
    void ofTwoByOneNameTheSameOneIsTakenEveryTime() throws Exception {
        Path first = module("kernel/a/xfs.ko", "description=a");
        module("kernel/b/xfs.ko", "description=b");

        assertThat(store(Modules.BOOT).entry().modules())
                .singleElement()
                .satisfies(stored -> assertThat(stored).hasSameBinaryContentAs(first));
    }

    @Test
    void oddNamesCanBeReadBack() throws Exception {
        String deep = "kernel/" + "d".repeat(200) + "/" + "e".repeat(200);
        module(deep + "/x.ko");
        module("kernel/a..b.ko");

        assertThat(store(Modules.ALL).outcome()).isEqualTo(Outcome.STORED);
        assertThat(fixture.cache().verify("k").problems()).isEmpty();
    }

    @Test
    void whatCannotBeReadBackDoesNotTakeThePlaceOfWhatCan() throws Exception {
        module("kernel/fs/xfs.ko");
        store(Modules.BOOT);
        module("kernel/a\\b.ko");

        assertThatThrownBy(() -> store(Modules.ALL)).hasMessageContaining("could not be read again");
        fixture.cache().lease("k").close();
    }

    @ParameterizedTest
    @EnumSource(names = {"BOOT", "ALL"})
    void modulesThatLeadNowhereEndAreRefused(Modules choice) throws Exception {
        module("kernel/xfs.ko", "depends=m0");
        for (int i = 0; i < 600; i++) {
            module("kernel/m" + i + ".ko", "depends=m" + (i + 1));
        }

        assertThatThrownBy(() -> store(choice))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("more than 500");
        assertThat(fixture.names()).isEmpty();
    }

    enum Order {
        OLD("kernel/fs/xfs/xfs.ko"),
        USUAL("fs/xfs/xfs.ko"),
        NEW("fs/xfs/xfs.o");

        private final String line;

        Order(String line) {
            this.line = line;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBuiltTreeHasItsModulesWhereItsOrderFileSays(Order order) throws Exception {
        Path tree = Files.createDirectories(directory.resolve("linux"));
        Files.createDirectories(tree.resolve("arch/x86/boot"));
        Files.copy(fixture.image, tree.resolve("arch/x86/boot/bzImage"));
        Files.writeString(tree.resolve("Kbuild"), "");
        Files.writeString(tree.resolve("modules.order"), order.line + "\n../escaped.ko\nfs/not/built.ko\n");
        TestVmlinux.module(tree.resolve("fs/xfs/xfs.ko"), RELEASE);
        TestVmlinux.module(directory.resolve("escaped.ko"), RELEASE);

        KernelEntry entry = fixture.cache()
                .store(StoreRequest.forTree(tree.resolve("."))
                        .modules(Modules.ALL)
                        .build())
                .entry();

        assertThat(names(entry)).containsExactly("000-xfs.ko");
        assertThat(entry.directory().resolve("modules/tree/modules.dep"))
                .content()
                .isEqualTo("kernel/fs/xfs/xfs.ko:\n");
    }
}
