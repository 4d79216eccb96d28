package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

class MistakeTest {
    @TempDir
    Path directory;

    /** Runs a case, whose only failure is to be one that says all of this; nothing must have been made. */
    private void assertRefused(Class<?> testClass, String... words) throws IOException {
        Stage stage = new Stage(directory);
        stage.store("6.12.5");

        var results = stage.run(testClass);

        assertThat(Stage.messages(results))
                .singleElement()
                .asString()
                .contains("KT-JUNIT-01  reading @")
                .contains(words);
        assertThat(results.testEvents().succeeded().count()).isZero();
        try (var made = Files.list(stage.cache)) {
            assertThat(made.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("k-6.12.5", ".locks");
        }
    }

    static class ZeroCase {
        @Test
        void test(@KtstrDisk(size = "16M") TestDisk good, @KtstrDisk(size = "0") TestDisk disk) {}
    }

    @Test
    void aDiskOfNoSize() throws IOException {
        assertRefused(
                ZeroCase.class,
                "@KtstrDisk on parameter disk of " + ZeroCase.class.getName() + ".test: ",
                "its size is not usable: 0 bytes are no whole number of MiB",
                "fix   take one");
    }

    static class UnitCase {
        @KtstrDisk(size = "12Q")
        TestDisk disk;

        @Test
        void test() {}
    }

    @Test
    void aDiskOfAnUnknownUnit() throws IOException {
        assertRefused(UnitCase.class, "on field disk of " + UnitCase.class.getName(), "\"12Q\"", "write it like 256M");
    }

    static class HugeCase {
        @Test
        void test(@KtstrDisk(size = "5000T") TestDisk disk) {}
    }

    @Test
    void aDiskThatNoFileCanHold() throws IOException {
        assertRefused(HugeCase.class, "parameter disk", "too large", "4 PiB");
    }

    static class SmallCase {
        @Test
        void test(@KtstrDisk(size = "16M", filesystem = Filesystem.XFS) TestDisk disk) {}
    }

    @Test
    void aDiskTooSmallForItsFileSystem() throws IOException {
        assertRefused(SmallCase.class, "xfs takes at least 300 MiB", "take 300M or more");
    }

    static class FinalCase {
        @KtstrDisk
        private final @Nullable TestDisk disk = null;

        @Test
        void test() {
            assertThat(disk).isNotNull();
        }
    }

    @Test
    void aFinalField() throws IOException {
        assertRefused(
                FinalCase.class, "on field disk of " + FinalCase.class.getName() + ": the field is final", "remove");
    }

    static class TypeCase {
        @KtstrDisk
        @Nullable
        Path disk;

        @Test
        void test() {}
    }

    static class ParameterTypeCase {
        @Test
        void test(@KtstrVm VirtualMachine.Builder vm) {}
    }

    static class KernelFieldCase {
        @KtstrKernel
        @Nullable
        String kernel;

        @Test
        void test() {}
    }

    static class KernelValueFieldCase {
        @KtstrKernel("6.12")
        KernelEntry kernel;

        @Test
        void test() {}
    }

    @Test
    void aWrongType() throws IOException {
        assertRefused(TypeCase.class, "its type is java.nio.file.Path", "make it a TestDisk");
    }

    @Test
    void aWrongTypeOfAParameter() throws IOException {
        assertRefused(ParameterTypeCase.class, "@KtstrVm on parameter vm of ", "Builder", "make it a VirtualMachine");
    }

    @Test
    void aWrongFieldForAKernel() throws IOException {
        assertRefused(KernelFieldCase.class, "@KtstrKernel on field kernel", "KernelEntry, KernelLease");
    }

    @Test
    void aFieldThatWantsAnotherKernel() throws IOException {
        assertRefused(KernelValueFieldCase.class, "which kernel a test has, its class or method says");
    }

    static class NoAnnotationCase {
        NoAnnotationCase(KernelEntry kernel) {}

        @Test
        void test(TestDisk disk, @KtstrVm VirtualMachine vm) {}
    }

    @Test
    void aParameterWithoutItsAnnotation() throws IOException {
        assertRefused(NoAnnotationCase.class, "@KtstrDisk on parameter disk", "put @KtstrDisk before it");
    }

    static class VmCase {
        @KtstrVm(timeout = "soon")
        VirtualMachine vm;

        @Test
        void test() {}
    }

    static class VmCpusCase {
        @KtstrVm(cpus = 0)
        VirtualMachine vm;

        @Test
        void test() {}
    }

    static class VmMemoryCase {
        @Test
        void test(@KtstrVm(memory = "much") VirtualMachine vm) {}
    }

    @Test
    void aMachineThatCannotBe() throws IOException {
        assertRefused(VmCase.class, "field vm", "its timeout: \"soon\" is not a duration", "write it like 30s");
        assertRefused(VmCpusCase.class, "field vm", "its number of processors cannot be used: 0");
        assertRefused(VmMemoryCase.class, "parameter vm", "\"much\"", "512M");
    }

    @KtstrLock(name = "a/b")
    static class LockNameCase {
        @Test
        void test() {}
    }

    static class LockTimeoutCase {
        @KtstrLock(name = "ktstr-junit-test-mistake", timeout = "later")
        @Test
        void test() {}
    }

    @KtstrLock(name = "ktstr-junit-test-mistake", mode = FlockMode.SHARED)
    static class LockUpgradeCase {
        @KtstrLock(name = "ktstr-junit-test-mistake")
        @Test
        void test() {}
    }

    @Test
    void aLockThatCannotBeTaken() throws IOException {
        try {
            assertRefused(LockNameCase.class, "@KtstrLock on " + LockNameCase.class.getName(), "\"a/b\" is no name");
            assertRefused(
                    LockTimeoutCase.class, LockTimeoutCase.class.getName() + ".test", "\"later\" is not a duration");
            assertRefused(LockUpgradeCase.class, LockUpgradeCase.class.getName() + ".test", "held shared");
        } finally {
            Stage.removeNamedLock("ktstr-junit-test-mistake");
        }
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    @Execution(ExecutionMode.CONCURRENT)
    static class SharedInstanceCase {
        @KtstrDisk(size = "16M")
        TestDisk disk;

        @Test
        void test() {}
    }

    @Test
    void aFieldThatTestsWouldFillAtTheSameTime() throws IOException {
        Stage stage = new Stage(directory).inParallel();

        assertThat(Stage.messages(stage.run(SharedInstanceCase.class)))
                .singleElement()
                .asString()
                .contains("@KtstrDisk on field disk of", "run at the same time", "make it a parameter");
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class SharedOuterCase {
        @KtstrDisk(size = "16M")
        TestDisk disk;

        @Nested
        @Execution(ExecutionMode.CONCURRENT)
        class InnerCase {
            @Test
            void test() {}
        }
    }

    @Test
    void norMayTheFieldBeThatOfAnInstanceAround() throws IOException {
        assertThat(Stage.messages(new Stage(directory).inParallel().run(SharedOuterCase.class)))
                .singleElement()
                .asString()
                .contains("@KtstrDisk on field disk of", "run at the same time", "make it a parameter");
    }

    abstract static class BaseCase {
        @KtstrDisk(size = "16M")
        static TestDisk disk;

        @Test
        void test() {}
    }

    static class OneCase extends BaseCase {}

    static class OtherCase extends BaseCase {}

    @Test
    void norMayItBeAStaticOneThatClassesInherit() throws IOException {
        assertThat(Stage.messages(new Stage(directory).inParallel().run(OneCase.class, OtherCase.class)))
                .hasSize(2)
                .allMatch(message -> message.contains("@KtstrDisk on field disk of " + BaseCase.class.getName())
                        && message.contains("inherits it and runs at the same time"));
        Stage.assertPassed(new Stage(directory).run(OneCase.class, OtherCase.class), 2);
    }

    @KtstrKernel("6.12..")
    @KtstrLock(name = "ktstr-junit-test-selector")
    static class SelectorCase {
        @Test
        void test() {}
    }

    @KtstrKernels({"6.12", "6.13..6.1"})
    static class SelectorsCase {
        @Test
        void test() {}
    }

    @Test
    void aSelectorThatMeansNothing() throws IOException {
        assertRefused(
                SelectorCase.class, "@KtstrKernel on " + SelectorCase.class.getName(), "its value: ", "\"6.12..\"");
        assertThat(Stage.namedLock("ktstr-junit-test-selector")).doesNotExist();
        assertThat(Stage.messages(new Stage(directory).run(SelectorsCase.class)))
                .anyMatch(message -> message.contains("@KtstrKernels on " + SelectorsCase.class.getName())
                        && message.contains("\"6.13..6.1\""));
        assertThat(Stage.messages(
                        new Stage(directory).set("ktstr.kernel", "6.12..").run(UndeclaredCase.class)))
                .singleElement()
                .asString()
                .contains("KT-ENV-03", "ktstr.kernel", "\"6.12..\"");
    }

    static class UndeclaredCase {
        @Test
        void test(@KtstrDisk(size = "16M") TestDisk disk, KernelEntry kernel) {}
    }

    static class TwoBuiltCase {
        @RegisterExtension
        static final KtstrExtension ONE =
                KtstrExtension.builder().kernel("6.12").build();

        @RegisterExtension
        static final KtstrExtension OTHER =
                KtstrExtension.builder().kernel("6.13").build();

        @Test
        void test() {}
    }

    @Test
    void twoBuiltExtensions() throws IOException {
        assertRefused(TwoBuiltCase.class, "field OTHER of " + TwoBuiltCase.class.getName(), "field ONE", "keep one");
    }

    static class LateCase {
        @KtstrDisk(size = "16M")
        TestDisk disk;

        @Test
        void test(@KtstrVm(cpus = 0) VirtualMachine vm) {}
    }

    static class LateMemoryCase {
        @KtstrDisk(size = "16M")
        static TestDisk disk;

        @KtstrVm(memory = "1")
        VirtualMachine vm;

        @Test
        void test() {}
    }

    static class LateTimeoutCase {
        @KtstrLock(name = "ktstr-junit-test-first")
        @Test
        void test(@KtstrVm(timeout = "0") VirtualMachine vm) {}
    }

    @KtstrLock(name = "ktstr-junit-test-first")
    @KtstrLock(name = "ktstr-junit-test-second", timeout = "later")
    static class LateLockCase {
        @Test
        void test() {}
    }

    @Test
    void whatCannotBeIsFoundBeforeAnythingIsMadeOrLocked() throws IOException {
        assertRefused(LateCase.class, "parameter vm", "its number of processors cannot be used: 0");
        assertRefused(LateMemoryCase.class, "field vm", "its memory cannot be used");
        assertRefused(LateTimeoutCase.class, "parameter vm", "its timeout cannot be used");
        assertRefused(LateLockCase.class, "\"later\" is not a duration");
        assertThat(Stage.namedLock("ktstr-junit-test-first")).doesNotExist();
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    @KtstrLock(name = "ktstr-junit-test-constructor")
    static class LockedConstructorCase {
        LockedConstructorCase() throws IOException {
            assertThat(Stage.locks(Stage.namedLock("ktstr-junit-test-constructor")))
                    .isEqualTo(1);
        }

        @Test
        void test() {}
    }

    @Test
    void theLocksOfAClassAreHeldWhileItsOnlyInstanceIsMade() throws IOException {
        try {
            Stage.assertPassed(new Stage(directory).run(LockedConstructorCase.class), 1);
        } finally {
            Stage.removeNamedLock("ktstr-junit-test-constructor");
        }
    }
}
