package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.CloneMode;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

class MissingTest {
    @TempDir
    Path directory;

    private Stage stage() {
        return new Stage(directory);
    }

    @KtstrKernel("9.9")
    static class ClassCase {
        @Test
        void test() {}
    }

    static class MethodCase {
        @KtstrKernel("9.9")
        @Test
        void test(KernelEntry kernel) {}
    }

    static class UndeclaredCase {
        UndeclaredCase(@KtstrVm VirtualMachine vm) {}

        @Test
        void test() {}
    }

    @Test
    void aMissingKernelFailsAndSaysWhichThereAreAndWhatWouldStoreIt() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");
        stage.store("6.13.1");

        var results = stage.run(ClassCase.class, MethodCase.class);

        assertThat(Stage.messages(results))
                .hasSize(2)
                .allSatisfy(message -> assertThat(message)
                        .contains("KT-ENTRY-01")
                        .contains("no stored kernel matches \"9.9\"; there are: ")
                        .contains("k-6.12.5")
                        .contains("k-6.13.1")
                        .contains("mvn dev.ktstr:ktstr-maven-plugin:0.")
                        .contains(":kernel-store -Dktstr.packages=linux-image-")
                        .contains("-Dktstr.cacheDir=" + stage.cache));
    }

    @Test
    void anEmptyStoreIsSaidToBeEmpty() {
        assertThat(Stage.messages(stage().run(UndeclaredCase.class)))
                .singleElement()
                .asString()
                .contains("\"latest\"; the store is empty")
                .contains("fix   store it: mvn ");
    }

    @Test
    void itAbortsWhereThatIsSet() {
        Stage stage = stage().set("ktstr.onMissing", "abort");

        var results = stage.run(ClassCase.class, MethodCase.class, UndeclaredCase.class);

        assertThat(results.allEvents().failed().count()).isZero();
        assertThat(results.allEvents().aborted().count()).isEqualTo(3);
        assertThat(results.testEvents().succeeded().count()).isZero();
    }

    @Test
    void itDisablesWhereThatIsSetAndAbortsWhatCouldNotBeKnown() {
        Stage stage = stage().set("ktstr.onMissing", "disable");

        var results = stage.run(ClassCase.class, MethodCase.class, UndeclaredCase.class);

        assertThat(results.allEvents().failed().count()).isZero();
        assertThat(Stage.skipReasons(results)).hasSize(2).allMatch(reason -> reason.contains("matches \"9.9\""));
        assertThat(results.allEvents().aborted().count()).isEqualTo(1);
    }

    @KtstrKernel(value = "9.9", onMissing = OnMissing.FAIL)
    static class InsistingCase {
        @Test
        void test() {}
    }

    @Test
    void whatTheAnnotationSaysStands() {
        assertThat(stage().set("ktstr.onMissing", "disable")
                        .run(InsistingCase.class)
                        .allEvents()
                        .failed()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void anUnknownPolicyIsAnErrorThatNamesTheSetting() throws IOException {
        Stage stage = stage().set("ktstr.onMissing", "shrug");
        stage.store("6.12.5");

        assertThat(Stage.messages(stage.run(ClassCase.class)))
                .anyMatch(message ->
                        message.contains("ktstr.onMissing: \"shrug\"") && message.contains("fail, abort or disable"));
    }

    static class OtherSystemCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .kernel("9.9")
                .onMissing(OnMissing.FAIL)
                .environment(Environment.system().withOperatingSystem("Mac OS X"))
                .build();

        @Test
        void test(KernelEntry kernel) {}
    }

    @Test
    void anotherOperatingSystemDisables() {
        var results = stage().run(OtherSystemCase.class);

        assertThat(Stage.thrown(results)).isEmpty();
        assertThat(Stage.skipReasons(results)).containsExactly("ktstr runs tests on Linux, and this is Mac OS X");
    }

    static class NoReflinkCase {
        @BeforeEach
        void beforeEach(@KtstrDisk(size = "16M", cloneMode = CloneMode.REFLINK) TestDisk disk) {}

        @Test
        void inLifecycleMethod() {}
    }

    static class NoReflinkInConstructorCase {
        NoReflinkInConstructorCase(@KtstrDisk(size = "16M", cloneMode = CloneMode.REFLINK) TestDisk disk) {}

        @Test
        void inConstructor() {}
    }

    static class NoReflinkInMethodCase {
        @Test
        void inMethod(
                @KtstrDisk(filesystem = Filesystem.EXT4, size = "16M", cloneMode = CloneMode.REFLINK) TestDisk disk) {}
    }

    /** A tmpfs cannot share blocks. */
    @Test
    void anAbilityThatIsMissingFollowsTheSamePolicy(@TempDir(factory = InMemory.class) Path memory) {
        Stage stage = new Stage(memory);
        Class<?>[] cases = {NoReflinkCase.class, NoReflinkInConstructorCase.class, NoReflinkInMethodCase.class};

        assertThat(Stage.messages(stage.run(cases))).hasSize(3).allMatch(message -> message.contains("KT-DISK-04"));
        var aborted = stage.set("ktstr.onMissing", "abort").run(cases);
        assertThat(aborted.testEvents().aborted().count()).isEqualTo(3);
        assertThat(aborted.allEvents().failed().count()).isZero();
    }

    static final class InMemory implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
            return Files.createTempDirectory(Path.of("/dev/shm"), "ktstr");
        }
    }

    static class NoQemuCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .environment(Environment.of(Map.of("PATH", "/nonexistent"), null))
                .build();

        @Test
        void test(@KtstrVm VirtualMachine vm) throws IOException {
            vm.command("true").run();
        }
    }

    @Test
    void soDoesAProgramThatTheTestItselfFindsMissing() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");

        assertThat(Stage.messages(stage.run(NoQemuCase.class)))
                .singleElement()
                .asString()
                .contains("KT-VM-01", "there is no qemu-system-");
        var aborted = stage.set("ktstr.onMissing", "abort").run(NoQemuCase.class);
        assertThat(aborted.testEvents().aborted().count()).isEqualTo(1);
    }

    static class VariablesCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .environment(Environment.of(
                        Map.of("KTSTR_CACHE_DIR", "/nonexistent/ktstr", "KTSTR_KERNEL", "7.7"), Path.of("/root")))
                .build();

        @Test
        void test(KernelEntry kernel) {}
    }

    @Test
    void theEnvironmentSaysWhichKernelAndWhere() {
        Stage stage = stage().set("ktstr.cacheDir", "");

        assertThat(Stage.messages(stage.run(VariablesCase.class)))
                .singleElement()
                .asString()
                .contains("\"7.7\"; the store is empty")
                .contains("path  /nonexistent/ktstr");
        assertThat(Stage.messages(stage.set("ktstr.kernel", "8.8").run(VariablesCase.class)))
                .singleElement()
                .asString()
                .contains("\"8.8\"; the store is empty");
    }

    static class PreparedCase {
        static final Path FILE = Path.of("target", "test-prepared.properties").toAbsolutePath();

        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .preparedSettings(FILE)
                .environment(Environment.of(Map.of("KTSTR_KERNEL", "7.7"), Path.of("/root")))
                .build();

        @Test
        void test(KernelEntry kernel) {}
    }

    @Test
    void whatIsPreparedComesBeforeTheEnvironment() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");
        stage.store("6.13.1");
        Files.writeString(PreparedCase.FILE, "ktstr.kernel=6.12\nktstr.cacheDir=" + stage.cache + "\n");

        Stage.assertPassed(stage.set("ktstr.cacheDir", "").run(PreparedCase.class), 1);
        assertThat(Stage.messages(stage.set("ktstr.kernel", "8.8").run(PreparedCase.class)))
                .singleElement()
                .asString()
                .contains("\"8.8\"; there are: k-6.1");
    }

    private static final Path ELSEWHERE = Path.of("target", "test-elsewhere").toAbsolutePath();

    @KtstrKernel(value = "6.12", onMissing = OnMissing.DISABLE)
    static class BuiltBesideCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .cacheDirectory(ELSEWHERE.resolve("cache"))
                .build();

        @Test
        void test(KernelEntry kernel) {
            assertThat(kernel.directory()).startsWith(ELSEWHERE);
        }
    }

    @KtstrKernel("6.12")
    static class OtherSystemBesideCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .environment(Environment.system().withOperatingSystem("Mac OS X"))
                .build();

        @Test
        void test(KernelEntry kernel) {}
    }

    @Test
    void aBuiltExtensionDecidesWhereAnAnnotationBesideItLooks() throws IOException {
        Files.createDirectories(ELSEWHERE);
        Stage there = new Stage(ELSEWHERE);
        if (there.kernels().list().isEmpty()) {
            there.store("6.12.5");
        }

        var results = stage().run(BuiltBesideCase.class);

        assertThat(Stage.skipReasons(results)).isEmpty();
        Stage.assertPassed(results, 1);
        assertThat(Stage.skipReasons(stage().run(OtherSystemBesideCase.class)))
                .containsExactly("ktstr runs tests on Linux, and this is Mac OS X");
    }

    static class BuiltPerInstanceCase {
        @RegisterExtension
        final KtstrExtension ktstr = KtstrExtension.builder()
                .cacheDirectory(ELSEWHERE.resolve("cache"))
                .build();

        @Test
        void test(KernelEntry kernel) {
            assertThat(kernel.directory()).startsWith(ELSEWHERE);
        }
    }

    @KtstrLock(name = "ktstr-junit-test-outer")
    static class BuiltForNestedCase {
        @Test
        void outer(KernelEntry kernel) {
            assertThat(kernel.key()).isEqualTo("k-6.13.1");
        }

        @Nested
        class InnerCase {
            @RegisterExtension
            static final KtstrExtension KTSTR = KtstrExtension.builder()
                    .cacheDirectory(ELSEWHERE.resolve("cache"))
                    .build();

            @Test
            void nested(KernelEntry kernel) {
                assertThat(kernel.directory()).startsWith(ELSEWHERE);
            }
        }
    }

    @Test
    void anUndeclaredKernelComesFromTheStoreOfTheNearestBuiltExtension() throws IOException {
        Files.createDirectories(ELSEWHERE);
        Stage there = new Stage(ELSEWHERE);
        if (there.kernels().list().isEmpty()) {
            there.store("6.12.5");
        }
        Stage here = stage();
        here.store("6.13.1");

        try {
            Stage.assertPassed(here.run(BuiltPerInstanceCase.class, BuiltForNestedCase.class), 3);
        } finally {
            Stage.removeNamedLock("ktstr-junit-test-outer");
        }
    }

    @KtstrKernel(value = "k-6.12.5", onMissing = OnMissing.DISABLE)
    static class DamagedCase {
        @Test
        void test() {}
    }

    @KtstrKernel(value = "6.12", onMissing = OnMissing.ABORT)
    static class DamagedVersionCase {
        @Test
        void test() {}
    }

    @Test
    void aDamagedKernelIsNotAMissingOne() throws IOException {
        Stage stage = stage();
        stage.damage(stage.store("6.12.5"));

        var results = stage.run(DamagedCase.class, DamagedVersionCase.class);

        assertThat(Stage.skipReasons(results)).isEmpty();
        assertThat(results.allEvents().aborted().count()).isZero();
        assertThat(Stage.messages(results))
                .hasSize(2)
                .allSatisfy(message -> assertThat(message)
                        .contains("KT-ENTRY-02", "unusable are: k-6.12.5 (metadata.json ")
                        .contains(":kernel-verify ", ":kernel-clean ", "-Dktstr.corruptOnly")
                        .doesNotContain("the store is empty"));
        assertThat(Stage.skipReasons(stage.set("ktstr.onMissing", "disable").run(ClassCase.class)))
                .hasSize(1);
    }

    @Test
    void aDirectoryWithASpaceIsQuoted() {
        Path spaced = directory.resolve("a b");

        assertThat(Stage.messages(new Stage(spaced).run(UndeclaredCase.class)))
                .singleElement()
                .asString()
                .contains(" '-Dktstr.cacheDir=" + spaced.resolve("cache") + "'");
    }

    static class AfterEachCase {
        @AfterEach
        void afterEach(@KtstrDisk(size = "16M", cloneMode = CloneMode.REFLINK) TestDisk disk) {}

        @Test
        void test() {}
    }

    static class AfterAllCase {
        @AfterAll
        static void afterAll(@KtstrDisk(size = "16M", cloneMode = CloneMode.REFLINK) TestDisk disk) {}

        @Test
        void test() {}
    }

    static class DynamicNoQemuCase {
        @RegisterExtension
        static final KtstrExtension KTSTR = KtstrExtension.builder()
                .environment(Environment.of(Map.of("PATH", "/nonexistent"), null))
                .build();

        @TestFactory
        DynamicTest factory(@KtstrVm VirtualMachine vm) {
            return DynamicTest.dynamicTest("dynamic", () -> vm.command("true").run());
        }
    }

    @Test
    void soDoLifecycleMethodsAfterTestsAndDynamicTests(@TempDir(factory = InMemory.class) Path memory)
            throws IOException {
        Stage stage = new Stage(memory).set("ktstr.onMissing", "abort");
        stage.store("6.12.5");

        var results = stage.run(AfterEachCase.class, AfterAllCase.class, DynamicNoQemuCase.class);

        assertThat(results.allEvents().failed().count()).isZero();
        assertThat(results.allEvents().aborted().count()).isEqualTo(3);
    }

    static class OtherSystemPerInstanceCase {
        @RegisterExtension
        final KtstrExtension ktstr = KtstrExtension.builder()
                .environment(Environment.system().withOperatingSystem("Mac OS X"))
                .build();

        @Test
        @KtstrLock(name = "ktstr-junit-test-other-system")
        void test() {}
    }

    @Test
    void anInstanceThatNeedsNothingIsMadeWithoutLookingAtTheMachine() {
        var results = stage().set("ktstr.keepDisks", "shrug").run(OtherSystemPerInstanceCase.class);

        assertThat(Stage.thrown(results)).isEmpty();
        assertThat(Stage.skipReasons(results)).containsExactly("ktstr runs tests on Linux, and this is Mac OS X");
    }
}
