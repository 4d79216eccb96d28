package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.StoreResult.Outcome;
import dev.ktstr.elf.TestVmlinux;
import dev.ktstr.lock.LockTimeoutException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels whose files are only made when it is certain that they are needed. */
class StoreContentsTest {
    private static final PackageId IMAGE = new PackageId("linux-image", "6.12-1", "amd64", "a".repeat(64));
    private static final PackageId DEBUG = new PackageId("linux-image-dbg", "6.12-1", "amd64", "b".repeat(64));

    @TempDir
    Path directory;

    StoreFixture fixture;
    Contents contents;

    /** Counts what it is asked for. */
    private static final class Contents implements StoreContents {
        private final byte[] image;
        private byte[] madeImage;
        private int opened;
        private int made;
        private Path scratch = Path.of("none");
        private boolean fails;

        Contents(byte[] image) {
            this.image = image;
            this.madeImage = image;
        }

        @Override
        public InputStream openImage() {
            opened++;
            return new ByteArrayInputStream(image);
        }

        @Override
        public KernelFiles provide(Path directory, Modules modules) throws IOException {
            made++;
            scratch = directory;
            assertThat(directory).isEmptyDirectory();
            Path file = Files.write(directory.resolve("vmlinuz"), madeImage);
            if (fails) {
                throw new IOException("the package ends here");
            }
            return new KernelFiles(file, TestVmlinux.kernel(directory.resolve("vmlinux")), null, null);
        }
    }

    @BeforeEach
    void prepare() throws IOException {
        fixture = new StoreFixture(directory);
        contents = new Contents(Files.readAllBytes(fixture.image));
    }

    private StoreRequest.Builder request() {
        return StoreRequest.builder()
                .contents(contents)
                .modules(Modules.NONE)
                .packages(List.of(IMAGE, DEBUG))
                .lockTimeout(Duration.ofMillis(200));
    }

    private StoreResult store() throws IOException {
        return fixture.cache().store(request().build());
    }

    @Test
    void theKeyComesFromTheImageAndNothingOfTheScratchStays() throws Exception {
        StoreResult result = store();

        String sha256 = Checksums.sha256(fixture.image);
        assertThat(result.entry().key()).isEqualTo("6.12.0-test-deb-x86_64-" + sha256.substring(0, 8));
        assertThat(result.outcome()).isEqualTo(Outcome.STORED);
        assertThat(result.entry().vmlinux()).isPresent();
        assertThat(contents.scratch).doesNotExist().startsWithRaw(fixture.root);
        assertThat(fixture.names()).containsExactly(result.entry().key());
        StoredDetails jvm = Objects.requireNonNull(result.entry().metadata().jvm());
        assertThat(jvm.packages()).containsExactly(IMAGE, DEBUG);
        assertThat(fixture.cache().verify(result.entry().key()).problems()).isEmpty();
    }

    @Test
    void whatIsStoredFromTheSamePackagesIsNotEvenOpened() throws Exception {
        store();
        StoreResult again =
                fixture.cache().store(request().packages(List.of(DEBUG, IMAGE)).build());

        assertThat(again.outcome()).isEqualTo(Outcome.ALREADY_STORED);
        assertThat(contents.opened).isOne();
        assertThat(contents.made).isOne();
    }

    @Test
    void aKeyOfOnesOwnIsTakenAndFoundAgainWithoutIt() throws Exception {
        StoreResult named = fixture.cache().store(request().key("mine").build());

        assertThat(named.entry().key()).isEqualTo("mine");
        assertThat(store().entry().key()).isEqualTo("mine");
        assertThat(contents.opened).isZero();
        assertThat(contents.made).isOne();
    }

    @Test
    void otherPackagesWithTheSameKernelAreTheSameKernel() throws Exception {
        store();
        StoreResult rebuilt =
                fixture.cache().store(request().packages(List.of(DEBUG)).build());

        assertThat(rebuilt.outcome()).isEqualTo(Outcome.ALREADY_STORED);
        assertThat(contents.made).isEqualTo(2);
        assertThat(contents.scratch).doesNotExist();
    }

    @Test
    void replacingUnpacksAgain() throws Exception {
        store();

        assertThat(fixture.cache().store(request().replace(true).build()).outcome())
                .isEqualTo(Outcome.REPLACED);
        assertThat(contents.made).isEqualTo(2);
    }

    @Test
    void anotherImageThanTheOneTheKeyWasMadeOfIsRefused() throws Exception {
        contents.madeImage = TestKernels.bzImage("6.12.0-test (somebody@else) #2");

        assertRefused(ErrorCode.SOURCE_CHANGED);
    }

    @Test
    void contentsWithoutAnImageAreRefused() throws Exception {
        StoreRequest request = StoreRequest.builder()
                .key("k")
                .contents(new StoreContents() {
                    @Override
                    public InputStream openImage() {
                        throw new AssertionError("there is a key");
                    }

                    @Override
                    public KernelFiles provide(Path scratch, Modules modules) {
                        return new KernelFiles(null, null, null, null);
                    }
                })
                .build();

        assertThatThrownBy(() -> fixture.cache().store(request)).hasMessageContaining("no boot image was given");
        assertThat(fixture.names()).isEmpty();
    }

    @Test
    void whenUnpackingFailsNothingStaysBehind() throws Exception {
        contents.fails = true;

        assertThatThrownBy(this::store).hasMessageContaining("the package ends here");
        assertThat(fixture.names()).isEmpty();
        contents.fails = false;
        assertThat(store().outcome()).isEqualTo(Outcome.STORED);
    }

    @Test
    void aFailureLeavesTheEntryThatWasThere() throws Exception {
        store();
        contents.fails = true;

        assertThatThrownBy(() -> fixture.cache().store(request().replace(true).build()))
                .hasMessageContaining("the package ends here");
        assertThat(store().outcome()).isEqualTo(Outcome.ALREADY_STORED);
    }

    @Test
    void unpackingWaitsForTheLock() throws Exception {
        String key = store().entry().key();
        try (KernelLease inUse =
                StoreFixture.byAnotherThread(() -> fixture.cache().lease(key))) {
            assertThatThrownBy(
                            () -> fixture.cache().store(request().replace(true).build()))
                    .isInstanceOf(LockTimeoutException.class);
            assertThat(contents.made).isOne();
            // That there is nothing to do shows also while it is used.
            assertThat(store().outcome()).isEqualTo(Outcome.ALREADY_STORED);
            assertThat(inUse.entry().key()).isEqualTo(key);
        }
    }

    @Test
    void filesCanHaveModulesThatAreMadeLater() throws Exception {
        StoreContents modules = new StoreContents() {
            @Override
            public InputStream openImage() {
                throw new AssertionError("there is an image");
            }

            @Override
            public KernelFiles provide(Path scratch, Modules choice) throws IOException {
                TestVmlinux.module(scratch.resolve("kernel/fs/xfs.ko"), "vermagic=6.12.0-test SMP ");
                return new KernelFiles(null, null, null, scratch);
            }
        };
        StoreRequest request = fixture.request("k").contents(modules).build();

        assertThat(fixture.cache().store(request).entry().modules()).hasSize(1);
        assertThat(fixture.cache().store(request).outcome()).isEqualTo(Outcome.ALREADY_STORED);
    }

    private void assertRefused(ErrorCode code) throws IOException {
        assertThatThrownBy(this::store)
                .isInstanceOfSatisfying(
                        KtstrException.class,
                        failure -> assertThat(failure.code()).isEqualTo(code));
        assertThat(fixture.names()).isEmpty();
    }
}
