package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.CloneMode;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.lock.ListedLock;
import dev.ktstr.lock.LockSurvey;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KtstrKernelTest {
    /** What the cases under test leave for the test to look at. */
    private static final List<Object> SEEN = new CopyOnWriteArrayList<>();

    private static volatile Stage current = new Stage(Path.of("unset"));

    @TempDir
    Path directory;

    private Stage stage() {
        SEEN.clear();
        current = new Stage(directory);
        return current;
    }

    @KtstrKernel("6.12")
    static class EverywhereCase {
        @KtstrKernel
        KernelEntry inField;

        @KtstrKernel
        private static KernelCache inStaticField;

        @KtstrKernel
        VirtualMachine.Builder builderInField;

        final KernelEntry inConstructor;

        EverywhereCase(KernelEntry kernel, KernelLease lease) {
            inConstructor = kernel;
            assertThat(lease.entry()).isSameAs(kernel);
        }

        @BeforeAll
        static void beforeAll(KernelEntry kernel) {
            SEEN.add(kernel.key());
            assertThat(inStaticField.root()).isEqualTo(current.cache);
        }

        @BeforeEach
        void beforeEach(KernelEntry kernel) {
            assertThat(kernel).isSameAs(inField);
        }

        @Test
        void test(KernelEntry kernel, KernelLease lease, KernelCache cache, VirtualMachine.Builder builder)
                throws IOException {
            assertThat(kernel).isSameAs(inField).isSameAs(inConstructor);
            assertThat(cache.root()).isEqualTo(current.cache);
            assertThat(builder).isNotSameAs(builderInField);
            lease.check();
            assertThat(current.locks(kernel.key())).isEqualTo(1);
            List<ListedLock> locks = cache.locks(LockSurvey.now(Environment.system()));
            assertThat(locks)
                    .filteredOn(lock -> lock.name().equals(kernel.key()))
                    .singleElement()
                    .satisfies(lock -> assertThat(lock.holders())
                            .singleElement()
                            .satisfies(holder -> assertThat(holder.test()).isEqualTo(EverywhereCase.class.getName())));
        }

        @Test
        void another(KernelLease lease) throws IOException {
            assertThat(current.locks(lease.entry().key())).isEqualTo(1);
        }

        @AfterEach
        void afterEach(KernelEntry kernel) throws IOException {
            assertThat(current.locks(kernel.key())).isEqualTo(1);
        }

        @AfterAll
        static void afterAll(KernelEntry kernel) throws IOException {
            assertThat(current.locks(kernel.key())).isEqualTo(1);
        }
    }

    @Test
    void oneLeaseServesTheClassWhereverItIsInjected() throws IOException {
        Stage stage = stage();
        String key = stage.store("6.12.5");
        stage.store("6.13.1");

        Stage.assertPassed(stage.run(EverywhereCase.class), 2);
        assertThat(SEEN).containsExactly(key);
        assertThat(stage.locks(key)).isZero();
        assertThat(stage.remains()).isEmpty();
    }

    @KtstrKernel
    static class CrowdCase {
        @RepeatedTest(200)
        void each(@KtstrDisk(size = "16M") TestDisk disk, KernelEntry kernel) throws Exception {
            try (RandomAccessFile file = new RandomAccessFile(disk.path().toFile(), "rw")) {
                assertThat(file.readLong()).isZero(); // ext4 leaves its first KiB to a boot loader
                file.seek(0);
                file.writeLong(-1);
            }
            SEEN.add(current.locks(kernel.key()));
            SEEN.add(disk);
            assertThat(Stage.openDisks()).isPositive();
        }
    }

    @Test
    void twoHundredParallelTestsHaveADiskEachAndOneLockInAll() throws IOException {
        Stage stage = stage().inParallel();
        String key = stage.store("6.12.5");

        Stage.assertPassed(stage.run(CrowdCase.class), 200);
        assertThat(SEEN.stream().filter(Long.class::isInstance).distinct()).containsExactly(1L);
        assertThat(SEEN.stream().filter(TestDisk.class::isInstance).distinct()).hasSize(200);
        assertThat(stage.locks(key)).isZero();
        assertThat(stage.remains()).isEmpty();
        assertThat(Stage.openDisks()).isZero();
    }

    @KtstrKernel
    static class TroubleCase {
        TroubleCase(@KtstrDisk(size = "16M") TestDisk disk, org.junit.jupiter.api.TestInfo info) {
            SEEN.add(disk);
            if (info.getDisplayName().startsWith("constructor")) {
                throw new IllegalStateException("constructor");
            }
        }

        @Test
        void constructor() {}

        @Test
        void body(@KtstrDisk(size = "16M") TestDisk disk) {
            SEEN.add(disk);
            throw new IllegalStateException("body");
        }

        @Test
        void good() {}
    }

    @Test
    void afterFailuresNothingIsLeft() throws IOException {
        Stage stage = stage();
        String key = stage.store("6.12.5");

        var results = stage.run(TroubleCase.class);

        assertThat(results.testEvents().failed().count()).isEqualTo(2);
        assertThat(results.testEvents().succeeded().count()).isEqualTo(1);
        assertThat(SEEN).hasSize(4);
        assertThat(stage.locks(key)).isZero();
        assertThat(stage.remains()).isEmpty();
        assertThat(Stage.openDisks()).isZero();
        assertThat(Stage.thrown(results))
                .allSatisfy(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(
                                told -> assertThat(told).hasMessageContaining("kernel " + key + ", release 6.12.5")));
    }

    @Retention(RetentionPolicy.RUNTIME)
    @KtstrKernel("6.12")
    @interface OnLongTermKernel {}

    interface WithDisk {
        @Test
        default void inherited(KernelEntry kernel, @KtstrDisk(size = "16M") TestDisk disk) {
            SEEN.add(kernel.key() + " inherited");
        }
    }

    @OnLongTermKernel
    abstract static class BaseCase {
        @KtstrDisk(size = "16M")
        TestDisk disk;

        @Test
        void base(KernelEntry kernel) {
            assertThat(disk.path()).exists();
            SEEN.add(kernel.key() + " base");
        }
    }

    static class DerivedCase extends BaseCase implements WithDisk {
        @AfterAll
        static void onlyTheClassHoldsItsKernelStill() throws IOException {
            assertThat(current.locks("k-6.13.1")).isZero();
            assertThat(current.locks("k-6.12.5")).isEqualTo(1);
        }

        @Test
        @KtstrKernel("6.13")
        void ownKernel(KernelEntry kernel) throws IOException {
            SEEN.add(kernel.key() + " own");
            assertThat(current.locks(kernel.key())).isEqualTo(1);
        }

        @Nested
        class InnerCase {
            @KtstrDisk(size = "16M")
            TestDisk second;

            @Test
            void nested(KernelEntry kernel) throws IOException {
                SEEN.add(kernel.key() + " nested");
                assertThat(current.locks(kernel.key())).isEqualTo(1);
                assertThat(disk.path()).isNotEqualTo(second.path());
                assertThat(second.spec().variant()).isEqualTo(2);
            }
        }

        @Nested
        @KtstrKernel("6.13")
        class OtherKernelCase {
            @Test
            void nested(KernelEntry kernel) throws IOException {
                SEEN.add(kernel.key() + " nested");
                assertThat(current.locks("k-6.12.5")).isEqualTo(1);
            }
        }
    }

    @Test
    void annotationsAreFoundOnAnnotationsSuperclassesAndAroundNestedClasses() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");
        stage.store("6.13.1");

        Stage.assertPassed(stage.run(DerivedCase.class), 5);
        assertThat(SEEN)
                .containsExactlyInAnyOrder(
                        "k-6.12.5 base", "k-6.12.5 inherited", "k-6.13.1 own", "k-6.12.5 nested", "k-6.13.1 nested");
        assertThat(stage.remains()).isEmpty();
    }

    @KtstrKernel
    static class KindsCase {
        @RepeatedTest(3)
        void repeated(@KtstrDisk(size = "16M") TestDisk disk) {
            SEEN.add(disk);
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void parameterized(int number, @KtstrDisk(size = "16M") TestDisk disk, KernelEntry kernel) {
            SEEN.add(disk);
        }

        @TestFactory
        Stream<DynamicTest> factory(@KtstrDisk(size = "16M") TestDisk disk) {
            SEEN.add(disk);
            return IntStream.range(0, 3)
                    .mapToObj(number -> DynamicTest.dynamicTest("dynamic " + number, () -> {
                        assertThat(disk.path()).exists();
                        assertThat(number).isLessThan(2);
                    }));
        }
    }

    @Test
    void everyInvocationHasADiskOfItsOwnAndAFactoryOneForItsDynamicTests() throws IOException {
        Stage stage = stage();
        String key = stage.store("6.12.5");

        var results = stage.run(KindsCase.class);

        assertThat(results.testEvents().succeeded().count()).isEqualTo(7);
        assertThat(SEEN).hasSize(6).doesNotHaveDuplicates();
        assertThat(Stage.thrown(results))
                .singleElement()
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(told -> assertThat(told).hasMessageContaining(key)));
        assertThat(Stage.openDisks()).isZero();
    }

    @KtstrKernel
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class PerClassCase {
        final TestDisk ofTheClass;

        @KtstrDisk(size = "16M")
        TestDisk ofTheTest;

        PerClassCase(@KtstrDisk(size = "16M") TestDisk disk) {
            ofTheClass = disk;
        }

        @Test
        void one() {
            SEEN.addAll(List.of(ofTheClass, ofTheTest));
            assertThat(ofTheTest.spec().variant()).isEqualTo(2);
            assertThat(ofTheClass.path()).exists();
        }

        @Test
        void other() {
            SEEN.addAll(List.of(ofTheClass, ofTheTest));
            assertThat(ofTheClass.path()).exists();
        }
    }

    @Test
    void onOneInstanceTheFieldsAreFilledForEachTest() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");

        Stage.assertPassed(stage.run(PerClassCase.class), 2);
        assertThat(SEEN.stream().distinct()).hasSize(3);
    }

    static class AloneCase {
        @KtstrDisk(size = "16M", label = "first")
        static TestDisk ofTheClass;

        @Test
        void disk(@KtstrDisk(size = "16M", cloneMode = CloneMode.AUTO) TestDisk disk) {
            assertThat(disk.spec().variant()).isEqualTo(1);
            SEEN.add(ofTheClass);
        }

        @Test
        void machine(@KtstrVm(memory = "256M", cpus = 1, timeout = "30s") VirtualMachine vm, KernelEntry kernel)
                throws IOException {
            SEEN.add(ofTheClass);
            assertThat(kernel.key()).isEqualTo("k-6.13.1");
            assertThat(current.locks(kernel.key())).isEqualTo(1);
        }

        @Test
        @KtstrLock(name = "ktstr-junit-test-alone")
        void lock() throws IOException {
            assertThat(Stage.locks(Stage.namedLock("ktstr-junit-test-alone"))).isEqualTo(1);
        }
    }

    @Test
    void annotationsOfDisksMachinesAndLocksNeedNoOther() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");
        stage.store("6.13.1");

        try {
            Stage.assertPassed(stage.run(AloneCase.class), 3);
        } finally {
            Stage.removeNamedLock("ktstr-junit-test-alone");
        }
        assertThat(SEEN.stream().distinct()).hasSize(1);
    }

    static class BuiltCase {
        @RegisterExtension
        static final KtstrExtension KTSTR =
                KtstrExtension.builder().kernel("6.12").build();

        @Test
        void withoutAnnotations(KernelEntry kernel, TestDisk disk, VirtualMachine vm) throws IOException {
            assertThat(kernel.key()).isEqualTo("k-6.12.5");
            assertThat(current.locks(kernel.key())).isEqualTo(1);
            assertThat(disk.spec().size()).isEqualTo(512 << 20);
        }

        @Test
        void besideAnnotations(@KtstrDisk(size = "16M") TestDisk disk, KernelEntry kernel) {
            assertThat(disk.spec().size()).isEqualTo(16 << 20);
            assertThat(kernel.key()).isEqualTo("k-6.12.5");
        }

        @Test
        @KtstrKernel("6.13")
        void anAnnotationStands(KernelEntry kernel) {
            assertThat(kernel.key()).isEqualTo("k-6.13.1");
        }
    }

    @KtstrKernel
    static class BuiltAndAnnotatedCase {
        @RegisterExtension
        static final KtstrExtension KTSTR =
                KtstrExtension.builder().kernel("6.12").build();

        @Test
        void test(KernelEntry kernel, @KtstrDisk(size = "16M") TestDisk disk) throws IOException {
            assertThat(kernel.key()).isEqualTo("k-6.12.5");
            assertThat(current.locks(kernel.key())).isEqualTo(1);
        }
    }

    static class BuiltPerInstanceCase {
        @RegisterExtension
        final KtstrExtension ktstr = KtstrExtension.builder().kernel("6.12").build();

        @Test
        void test(KernelEntry kernel) throws IOException {
            assertThat(kernel.key()).isEqualTo("k-6.12.5");
        }
    }

    @Test
    void aBuiltExtensionWorksAloneAndBesideAnnotations() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");
        stage.store("6.13.1");

        Stage.assertPassed(stage.run(BuiltCase.class, BuiltAndAnnotatedCase.class, BuiltPerInstanceCase.class), 5);
        assertThat(stage.remains()).isEmpty();
    }

    @KtstrKernel("6.12")
    static class FirstCase {
        @Test
        void test(KernelLease lease) throws Exception {
            SEEN.add(lease);
        }
    }

    @KtstrKernel("6.12")
    static class SecondCase extends FirstCase {}

    @Test
    void everyClassHasALeaseOfItsOwn() throws IOException {
        Stage stage = stage().inParallel();
        stage.store("6.12.5");

        Stage.assertPassed(stage.run(FirstCase.class, SecondCase.class), 2);
        assertThat(SEEN.stream().distinct()).hasSize(2);
    }

    static class TwiceBuiltCase {
        @RegisterExtension
        static final KtstrExtension KTSTR =
                KtstrExtension.builder().kernel("6.12").build();

        @Nested
        class InnerCase {
            @RegisterExtension
            static final KtstrExtension KTSTR =
                    KtstrExtension.builder().kernel("6.13").build();

            @Test
            void nested(KernelEntry kernel) {
                SEEN.add(kernel.key());
            }
        }

        @Test
        void outer(KernelEntry kernel) {
            SEEN.add(kernel.key());
        }
    }

    @Test
    void ofTwoBuiltExtensionsTheNearerDecides() throws IOException {
        Stage stage = stage();
        stage.store("6.12.5");
        stage.store("6.13.1");

        Stage.assertPassed(stage.run(TwiceBuiltCase.class), 2);
        assertThat(SEEN).containsExactlyInAnyOrder("k-6.12.5", "k-6.13.1");
    }
}
