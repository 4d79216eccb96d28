package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.KtstrException;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelSelectorTest {
    @TempDir
    Path directory;

    StoreFixture fixture;

    @BeforeEach
    void storeKernels() throws IOException {
        fixture = new StoreFixture(directory);
        for (String version : List.of("6.1", "6.1.9", "6.1.10", "6.6.3", "6.12-rc3", "6.12", "6.13.1", "5.10.7")) {
            kernel("k-" + version, version, Machine.arch(), "2026-01-01T00:00:00Z");
        }
        kernel("other-machine", "9.9", "riscv64", "2026-01-01T00:00:00Z");
        Files.createDirectories(fixture.root.resolve("7.0"));
    }

    private void kernel(String key, String version, String arch, String builtAt) throws IOException {
        Path metadata = fixture.original(key, "{\"type\":\"tarball\"}", builtAt).resolve("metadata.json");
        Files.writeString(
                metadata,
                Files.readString(metadata)
                        .replace("\"6.14.2\"", '"' + version + '"')
                        .replace("x86_64", arch));
    }

    @ParameterizedTest
    @CsvSource({
        "latest, k-6.13.1 k-6.12 k-6.12-rc3 k-6.6.3 k-6.1.10 k-6.1.9 k-6.1 k-5.10.7",
        "k-6.1, k-6.1",
        "6.1, k-6.1.10 k-6.1.9 k-6.1",
        "6.1.1, ''",
        "6.1.10, k-6.1.10",
        "6, k-6.13.1 k-6.12 k-6.12-rc3 k-6.6.3 k-6.1.10 k-6.1.9 k-6.1",
        "6.12, k-6.12 k-6.12-rc3",
        "6.12-rc3, k-6.12-rc3",
        "6.1..6.12, k-6.12 k-6.12-rc3 k-6.6.3 k-6.1.10 k-6.1.9 k-6.1",
        "6.1.9..6.6, k-6.6.3 k-6.1.10 k-6.1.9",
        "5..5, k-5.10.7",
        "7.0, ''",
        "9.9, ''",
        "other-machine, other-machine",
        "nonsense, ''"
    })
    void selectsTheBestFirst(String text, String keys) throws IOException {
        assertThat(fixture.cache().findAll(KernelSelector.parse(text)).stream().map(KernelEntry::key))
                .containsExactlyElementsOf(keys.isEmpty() ? List.of() : List.of(keys.split(" ", -1)));
        assertThat(fixture.cache()
                        .find(KernelSelector.parse(text))
                        .map(KernelEntry::key)
                        .orElse(""))
                .isEqualTo(keys.split(" ", -1)[0]);
    }

    @Test
    void aKeyWinsOverAVersionAndTheNewestOverEqualVersions() throws IOException {
        kernel("6.6", "5.15.1", Machine.arch(), "2020-01-01T00:00:00Z");
        assertThat(best("6.6")).isEqualTo("6.6");
        kernel("a-newer", "6.13.1", Machine.arch(), "2026-02-01T00:00:00Z");
        kernel("a-older", "6.13.1", Machine.arch(), "2025-02-01T00:00:00Z");
        assertThat(best("6.13")).isEqualTo("a-newer");
    }

    @Test
    void theReleaseMatchesAsTheUpstreamVersionDoes() throws IOException {
        TestKernels.bzImage(fixture.image, "6.14.0-56-cloud-amd64 (me@host) #1 SMP Debian 6.14.192-2 (2026-01-01)");
        fixture.store("debian");
        for (String text : List.of("6.14.0-56-cloud-amd64", "6.14.0-56", "6.14.192", "6.14", "6.14.100..6.15")) {
            assertThat(best(text)).as(text).isEqualTo("debian");
        }
        assertThat(fixture.cache().find(KernelSelector.parse("6.14.0-5"))).isEmpty();
    }

    @Test
    void aPathMeansTheEntryItLiesIn() throws IOException {
        Path entry = fixture.root.resolve("k-6.6.3");
        assertThat(best(entry.toString())).isEqualTo("k-6.6.3");
        assertThat(best(entry.resolve("bzImage").toString())).isEqualTo("k-6.6.3");
        Path link = Files.createSymbolicLink(directory.resolve("link"), entry);
        assertThat(best(link.resolve("bzImage").toString())).isEqualTo("k-6.6.3");
        assertThat(fixture.cache().find(KernelSelector.parse(fixture.root.resolve("absent") + "/")))
                .isEmpty();
        for (Path elsewhere : List.of(fixture.image, fixture.root, entry.resolve("modules/000-a.ko"))) {
            assertThatThrownBy(() -> best(elsewhere.toString()))
                    .hasMessageContaining("KT-KEY-02")
                    .hasMessageContaining("-Dktstr.image=" + elsewhere);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "6.12..6.1", "..6.1", "6.1..", "a..b", "6.1..6.2..6.3"})
    void whatMeansNothingIsRefused(String text) {
        assertThatThrownBy(() -> KernelSelector.parse(text))
                .isInstanceOf(KtstrException.class)
                .hasMessageContaining("KT-KEY-02");
    }

    @Test
    void whatIsSelectedCanBeLeased() throws IOException {
        try (KernelLease lease = fixture.cache().lease(KernelSelector.parse("6.1"))) {
            assertThat(lease.entry().key()).isEqualTo("k-6.1.10");
        }
        assertThatThrownBy(() -> fixture.cache().lease(KernelSelector.parse("6.99")))
                .isInstanceOf(EntryException.class)
                .hasMessageContaining("KT-ENTRY-01")
                .hasMessageContaining("k-6.13.1");
    }

    private String best(String selector) throws IOException {
        return fixture.cache()
                .find(KernelSelector.parse(selector))
                .orElseThrow()
                .key();
    }
}
