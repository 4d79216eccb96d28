package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ktstr.cache.ListedEntry.Corrupt;
import dev.ktstr.elf.TestVmlinux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelListTest {
    @TempDir
    Path directory;

    StoreFixture fixture;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
    }

    @Test
    void aMissingAndAnEmptyRootHaveNoEntries() throws IOException {
        assertThat(fixture.cache().list()).isEmpty();
        Files.createDirectories(fixture.root);
        assertThat(fixture.cache().list()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"tarball\"}",
                "{\"type\":\"git\",\"git_hash\":\"a1b2c3d\",\"ref\":\"v6.14\"}",
                "{\"type\":\"git\",\"git_hash\":null,\"ref\":null}",
                "{\"type\":\"local\",\"source_tree_path\":\"/src/linux\",\"git_hash\":\"a1b2c3d\"}",
                "{\"type\":\"local\",\"source_tree_path\":null,\"git_hash\":null}",
                "{\"type\":\"distropackage\",\"distro\":\"debian\",\"packages\":[\"linux-image\"]}",
                "{\"type\":\"localpackage\",\"packages\":[\"a.deb\"]}",
                "{\"type\":\"from-the-future\",\"payload\":{\"deep\":[1.10]}}"
            })
    void anEntryOfTheOriginalIsValidWhateverItsSource(String source) throws IOException {
        fixture.original("theirs", source);
        KernelEntry entry = fixture.cache().lookup("theirs").orElseThrow();
        assertThat(entry.metadata().jvm()).isNull();
        assertThat(entry.metadata().kconfigStatus("deadbeef")).isEqualTo(KernelMetadata.KconfigStatus.MATCHES);
        byte[] before = Files.readAllBytes(entry.directory().resolve("metadata.json"));
        byte[] rewritten = MetadataCodec.write(entry.metadata());
        assertThat(json(rewritten)).isEqualTo(json(before));
        assertThat(fixture.cache().verify("theirs").problems()).isEmpty();
    }

    @Test
    void entriesComeNewestFirstByTheMomentNotByTheText() throws IOException {
        String tarball = "{\"type\":\"tarball\"}";
        fixture.original("noon-utc", tarball, "2026-01-01T12:00:00Z");
        fixture.original("one-utc", tarball, "2026-01-01T15:00:00+02:00");
        fixture.original("fraction", tarball, "2026-01-01T12:00:00.5Z");
        fixture.original("b-same", tarball, "2025-01-01T00:00:00Z");
        fixture.original("a-same", tarball, "2025-01-01T00:00:00Z");
        fixture.original("free-text", tarball, "yesterday");
        Files.createDirectories(fixture.root.resolve("z-broken"));
        Files.createDirectories(fixture.root.resolve("a-broken"));
        assertThat(fixture.cache().list().stream().map(ListedEntry::key))
                .containsExactly(
                        "one-utc", "fraction", "noon-utc", "a-same", "b-same", "free-text", "a-broken", "z-broken");
    }

    @Test
    void whatIsNoKernelIsNotListed() throws IOException {
        fixture.store("k");
        for (String name : List.of(
                ".tmp-x-1",
                ".tmp-x-1.01234567",
                ".disks-1.01234567",
                "btrfs-256m-0123456789abcdef",
                "ext4-512m-0123-o01234567-u2",
                "raw-1m-noversion",
                "btrfs-1m-x.tmp.12",
                "template.img.in-flight.x.1-0")) {
            Files.createDirectories(fixture.root.resolve(name));
        }
        Files.writeString(fixture.root.resolve("a-file"), "");
        assertThat(fixture.cache().list().stream().map(ListedEntry::key)).containsExactly("k");
        assertThat(fixture.cache().lookup("btrfs-256m-0123456789abcdef")).isEmpty();
    }

    @Test
    void aLinkToADirectoryIsListed() throws IOException {
        fixture.original("theirs", "{\"type\":\"tarball\"}");
        Files.createSymbolicLink(fixture.root.resolve("link"), fixture.root.resolve("theirs"));
        assertThat(fixture.cache().list().stream().map(ListedEntry::key)).containsExactly("link", "theirs");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "not valid json {[          | malformed     | metadata.json malformed: ",
                "{\"a\":1} x                | malformed     | metadata.json malformed: ",
                "{\"source\":               | truncated     | metadata.json truncated: ",
                "``                         | truncated     | metadata.json truncated: ",
                "{\"version\":\"6.14\"}     | schema_drift  | metadata.json schema drift: missing field `source`",
                "null                       | schema_drift  | metadata.json schema drift: ",
                "[]                         | schema_drift  | metadata.json schema drift: "
            })
    void corruptMetadataIsListedWithItsReasonAndHiddenFromLookup(String content, String kind, String reason)
            throws IOException {
        Path entry = Files.createDirectories(fixture.root.resolve("k"));
        Files.writeString(entry.resolve("metadata.json"), content);
        Corrupt corrupt = onlyCorrupt();
        assertThat(corrupt.errorKind().text()).isEqualTo(kind);
        assertThat(corrupt.reason()).startsWith(reason);
        assertThat(fixture.cache().lookup("k")).isEmpty();
        assertThat(fixture.cache().verify("k").problems()).containsExactly(corrupt.reason());
    }

    @Test
    void missingAndUnreadableMetadataAndAMissingImageAreToldApart() throws IOException {
        Path entry = Files.createDirectories(fixture.root.resolve("k"));
        assertThat(onlyCorrupt().reason()).isEqualTo("metadata.json missing");

        Files.createDirectory(entry.resolve("metadata.json"));
        assertThat(onlyCorrupt().errorKind()).isEqualTo(ErrorKind.UNREADABLE);
        Files.delete(entry.resolve("metadata.json"));

        Files.write(entry.resolve("metadata.json"), new byte[] {'"', (byte) 0xff, '"'});
        assertThat(onlyCorrupt().errorKind()).isEqualTo(ErrorKind.UNREADABLE);

        fixture.original("k", "{\"type\":\"tarball\"}");
        Files.delete(entry.resolve("bzImage"));
        assertThat(onlyCorrupt().reason()).isEqualTo("image file bzImage missing from entry directory");
        assertThat(onlyCorrupt().errorKind()).isEqualTo(ErrorKind.IMAGE_MISSING);
        Files.createDirectory(entry.resolve("bzImage"));
        assertThat(onlyCorrupt().errorKind()).isEqualTo(ErrorKind.IMAGE_MISSING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../x", "/etc/passwd", "", "..", ".", "a/b", "metadata.json", "vmlinux", "config", "modules"})
    void anImageNameThatLeadsElsewhereMakesTheEntryCorrupt(String name) throws IOException {
        Path entry = fixture.original("k", "{\"type\":\"tarball\"}");
        Path metadata = entry.resolve("metadata.json");
        Files.writeString(metadata, Files.readString(metadata).replace("\"bzImage\"", '"' + name + '"'));
        Files.writeString(fixture.root.resolve("x"), "outside");
        assertThat(onlyCorrupt().errorKind()).isEqualTo(ErrorKind.SCHEMA_DRIFT);
        assertThat(fixture.cache().lookup("k")).isEmpty();
    }

    @Test
    void theCacheKnowsItsOwnPaths() throws IOException {
        KernelEntry entry = fixture.store("k").entry();
        KernelCache cache = fixture.cache();
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.createSymbolicLink(outside.resolve("in"), entry.directory());
        Files.createSymbolicLink(fixture.root.resolve("out"), outside);
        assertThat(cache.contains(entry.image())).isTrue();
        assertThat(cache.contains(outside.resolve("in/bzImage"))).isTrue();
        assertThat(cache.contains(fixture.root.resolve("out/file"))).isFalse();
        assertThat(cache.contains(outside.resolve("file"))).isFalse();
        assertThat(cache.contains(Path.of("bzImage"))).isFalse();
        assertThat(cache.contains(fixture.root.resolve("absent/bzImage"))).isFalse();
        assertThat(KernelCache.at(directory.resolve("nowhere")).contains(entry.image()))
                .isFalse();
    }

    @Test
    void theTreeIsOfferedForDwarfOnlyWhileItsVmlinuxIsTheStoredOne() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("linux"));
        Path vmlinux = TestVmlinux.kernel(tree.resolve("vmlinux"));
        KernelEntry entry = fixture.cache()
                .store(fixture.request("k")
                        .vmlinux(vmlinux)
                        .source(new KernelSource.Local(tree.toString(), null))
                        .build())
                .entry();
        assertThat(entry.sourceTreeForDwarf()).contains(tree);
        FileTime time = Files.getLastModifiedTime(vmlinux);
        Files.setLastModifiedTime(vmlinux, FileTime.fromMillis(time.toMillis() + 5000));
        assertThat(entry.sourceTreeForDwarf()).isEmpty();
        Files.setLastModifiedTime(vmlinux, time);
        assertThat(entry.sourceTreeForDwarf()).contains(tree);
        Files.writeString(vmlinux, "x", StandardOpenOption.APPEND);
        Files.setLastModifiedTime(vmlinux, time);
        assertThat(entry.sourceTreeForDwarf()).isEmpty();
        Files.delete(vmlinux);
        assertThat(entry.sourceTreeForDwarf()).isEmpty();
        assertThat(entry.recordedSourceTree()).contains(tree);
        assertThat(fixture.store("other").entry().recordedSourceTree()).isEmpty();
    }

    @Test
    void whatIsNoRegularFileInAnEntryMakesThatOneCorruptAndHidesNoOther() throws Exception {
        String tarball = "{\"type\":\"tarball\"}";
        fixture.store("good");
        for (String name : List.of("fifo", "loop", "outside")) {
            fixture.original(name, tarball);
        }
        Path metadata = fixture.root.resolve("fifo/metadata.json");
        Files.delete(metadata);
        assertThat(new ProcessBuilder("mkfifo", metadata.toString()).start().waitFor())
                .isZero();
        for (String name : List.of("loop", "outside")) {
            Path image = fixture.root.resolve(name).resolve("bzImage");
            Files.delete(image);
            Files.createSymbolicLink(image, name.equals("loop") ? image : fixture.image);
        }
        assertThat(fixture.cache().list().stream().map(ListedEntry::key))
                .containsExactly("good", "fifo", "loop", "outside");
        assertThat(fixture.cache().list().stream().skip(1).map(entry -> ((Corrupt) entry).errorKind()))
                .containsExactly(ErrorKind.UNREADABLE, ErrorKind.IMAGE_MISSING, ErrorKind.IMAGE_MISSING);
        assertThat(fixture.cache().lookup("outside")).isEmpty();
    }

    @Test
    void anImageNameThatNoFileCanHaveHidesNoOtherEntry() throws IOException {
        fixture.store("good");
        Path metadata = fixture.original("long", "{\"type\":\"tarball\"}").resolve("metadata.json");
        Files.writeString(metadata, Files.readString(metadata).replace("bzImage", "b".repeat(300)));
        assertThat(fixture.cache().list()).hasSize(2);
        assertThat(fixture.cache().lookup("long")).isEmpty();
        assertThat(fixture.store("long").outcome()).isEqualTo(StoreResult.Outcome.REPLACED);
    }

    @Test
    void namesOfStoredFilesThatLeadElsewhereMakeTheEntryCorrupt() throws IOException {
        Path metadata = fixture.cache()
                .store(fixture.request("k")
                        .config(fixture.file("config", "A=y\n"))
                        .build())
                .entry()
                .directory()
                .resolve("metadata.json");
        String good = Files.readString(metadata);
        for (String name : List.of("../../x", "/etc/passwd", "a/../b", "", "a//b", "a\\u0000")) {
            Files.writeString(metadata, good.replace("\"config\":", '"' + name + "\":"));
            assertThat(onlyCorrupt().errorKind()).as(name).isEqualTo(ErrorKind.SCHEMA_DRIFT);
        }
    }

    @Test
    void aRootThatIsAFileIsToldAsSuch() throws IOException {
        Files.writeString(fixture.root, "a file");
        assertThatThrownBy(() -> fixture.cache().list()).hasMessageContaining("KT-ENV-01");
        assertThatThrownBy(() -> fixture.store("k")).hasMessageContaining("KT-ENV-01");
        KernelCache below = KernelCache.at(fixture.root.resolve("deeper"));
        assertThatThrownBy(below::list).hasMessageContaining("KT-ENV-01");
        StoreRequest request = fixture.request("k").build();
        assertThatThrownBy(() -> below.store(request))
                .hasMessageContaining("KT-OS-01")
                .hasMessageContaining("Not a directory");
    }

    @Test
    void theModulesOfAnEntryComeInTheirOrder() throws IOException {
        Path entry = fixture.original("k", "{\"type\":\"tarball\"}");
        Files.createDirectories(entry.resolve("modules/tree"));
        for (String name : List.of("010-xfs.ko", "002-virtio_blk.ko", "notes")) {
            Files.writeString(entry.resolve("modules").resolve(name), "");
        }
        assertThat(fixture.cache().lookup("k").orElseThrow().modules())
                .containsExactly(entry.resolve("modules/002-virtio_blk.ko"), entry.resolve("modules/010-xfs.ko"));
    }

    private Corrupt onlyCorrupt() throws IOException {
        List<ListedEntry> entries = fixture.cache().list();
        assertThat(entries).hasSize(1);
        return entries.get(0)
                .fold(
                        valid -> {
                            throw new AssertionError(valid + " is valid");
                        },
                        Function.identity());
    }

    private static JsonNode json(byte[] bytes) throws IOException {
        return new ObjectMapper().readTree(bytes);
    }
}
