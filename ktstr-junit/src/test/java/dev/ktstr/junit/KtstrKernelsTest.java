package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KtstrKernelsTest {
    private static final List<String> SEEN = new CopyOnWriteArrayList<>();
    private static volatile Stage current = new Stage(Path.of("unset"));

    @TempDir
    Path directory;

    private Stage stage(String... versions) throws IOException {
        SEEN.clear();
        current = new Stage(directory);
        for (String version : versions) {
            current.store(version);
        }
        return current;
    }

    @KtstrKernels({"6.1..6.6", "6.6", "6.12"})
    static class ClassCase {
        @KtstrDisk(size = "16M")
        static TestDisk ofTheClass;

        @KtstrVm
        VirtualMachine machine;

        private final KernelEntry kernel;

        @BeforeAll
        static void beforeAll() {
            SEEN.add("before all");
        }

        ClassCase(KernelEntry kernel) {
            this.kernel = kernel;
        }

        @Test
        void test(KernelEntry same, @KtstrDisk(size = "16M") TestDisk disk) throws IOException {
            assertThat(same).isSameAs(kernel);
            SEEN.add(kernel.key() + " " + current.locks(kernel.key()));
            assertThat(disk.spec().variant()).isEqualTo(2);
            if (kernel.key().equals("k-6.1.9")) {
                throw new IllegalStateException("only with this one");
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void parameterized(int number, KernelEntry kernel) {
            SEEN.add(kernel.key() + " #" + number);
        }

        @Nested
        class InnerCase {
            @Test
            void test(KernelEntry kernel) {
                SEEN.add(kernel.key() + " nested");
            }
        }
    }

    @Test
    void aClassRunsOncePerKernelAndFailsWithTheOneThatFails() throws IOException {
        Stage stage = stage("6.1.9", "6.6.3", "6.12.5", "6.13.1");

        var results = stage.run(ClassCase.class);

        assertThat(Stage.messages(results)).containsExactly("java.lang.IllegalStateException: only with this one");
        assertThat(results.testEvents().succeeded().count()).isEqualTo(3 * 4 - 1);
        assertThat(Stage.names(results)).contains("kernel 6.6.3", "kernel 6.1.9", "kernel 6.12.5");
        for (String key : List.of("k-6.1.9", "k-6.6.3", "k-6.12.5")) {
            assertThat(SEEN).containsOnlyOnce(key + " 1", key + " #1", key + " #2", key + " nested");
            assertThat(stage.locks(key)).isZero();
        }
        assertThat(SEEN).hasSize(13).containsOnlyOnce("before all");
        assertThat(Stage.thrown(results).get(0).getSuppressed())
                .singleElement()
                .satisfies(told -> assertThat(told).hasMessageContaining("kernel k-6.1.9"));
        assertThat(stage.remains()).isEmpty();
        assertThat(Stage.openDisks()).isZero();
    }

    static class DerivedCase extends ClassCase {
        DerivedCase(KernelEntry kernel) {
            super(kernel);
        }
    }

    @Test
    void aSubclassInheritsTheKernels() throws IOException {
        Stage stage = stage("6.6.3", "6.12.5");

        Stage.assertPassed(stage.run(DerivedCase.class), 8);
    }

    static class MethodCase {
        @KtstrKernels
        void each(KernelEntry kernel, @KtstrDisk(size = "16M") TestDisk disk) throws IOException {
            SEEN.add(kernel.key() + " " + current.locks(kernel.key()));
        }
    }

    @Test
    void aMethodRunsOncePerStoredKernel() throws IOException {
        Stage stage = stage("6.6.3", "6.12.5").inParallel();

        var results = stage.run(MethodCase.class);

        Stage.assertPassed(results, 2);
        assertThat(SEEN).containsExactlyInAnyOrder("k-6.6.3 1", "k-6.12.5 1");
        assertThat(Stage.names(results)).contains("kernel 6.6.3", "kernel 6.12.5");
        assertThat(stage.remains()).isEmpty();
    }

    @Test
    void whatIsSetCountsWhereTheAnnotationSaysNothing() throws IOException {
        Stage stage = stage("6.6.3", "6.12.5", "6.13.1").set("ktstr.kernels", "6.12, 6.6,6.12");

        Stage.assertPassed(stage.run(MethodCase.class), 2);
        assertThat(SEEN).containsExactlyInAnyOrder("k-6.12.5 1", "k-6.6.3 1");
    }

    static class PartlyMissingCase {
        @KtstrKernels({"6.6", "9.9"})
        void each(KernelEntry kernel) {
            SEEN.add(kernel.key());
        }
    }

    @KtstrKernels({"6.6", "9.9"})
    static class PartlyMissingClassCase {
        @Test
        void each(KernelEntry kernel) {
            SEEN.add(kernel.key());
        }
    }

    @Test
    void aKernelThatIsMissingFailsItsOwnRunOnly() throws IOException {
        Stage stage = stage("6.6.3");

        var results = stage.run(PartlyMissingCase.class, PartlyMissingClassCase.class);

        assertThat(results.testEvents().succeeded().count()).isEqualTo(2);
        assertThat(Stage.messages(results))
                .hasSize(2)
                .allSatisfy(message ->
                        assertThat(message).contains("no stored kernel matches \"9.9\"; there are: k-6.6.3"));
        assertThat(Stage.names(results)).contains("kernel 9.9 (not stored)");
    }

    @Test
    void orAbortsOrDisablesIt() throws IOException {
        var aborted = stage("6.6.3").set("ktstr.onMissing", "abort").run(PartlyMissingCase.class);
        assertThat(aborted.testEvents().aborted().count()).isEqualTo(1);
        assertThat(aborted.testEvents().succeeded().count()).isEqualTo(1);

        var disabled =
                current.set("ktstr.onMissing", "disable").run(PartlyMissingCase.class, PartlyMissingClassCase.class);
        assertThat(disabled.allEvents().failed().count()).isZero();
        assertThat(Stage.skipReasons(disabled)).singleElement().asString().contains("\"9.9\"");
        assertThat(disabled.allEvents().aborted().count())
                .isEqualTo(1); // JUnit asks no condition about a run of a class
        assertThat(disabled.testEvents().succeeded().count()).isEqualTo(2);
    }

    @KtstrKernels
    static class AllCase {
        @Test
        void each(KernelEntry kernel) {}
    }

    @Test
    void noKernelAtAllIsAFailureUnlessItIsSaidToBeNone() throws IOException {
        Stage stage = stage();

        var failed = stage.run(AllCase.class, MethodCase.class);
        assertThat(Stage.messages(failed))
                .hasSize(2)
                .allMatch(message -> message.contains("there is none") && message.contains(":kernel-store "));

        var aborted = stage.set("ktstr.onMissing", "abort").run(AllCase.class);
        assertThat(aborted.allEvents().aborted().count()).isEqualTo(1);

        var disabled = stage.set("ktstr.onMissing", "disable").run(AllCase.class, MethodCase.class);
        assertThat(Stage.skipReasons(disabled)).hasSize(2).allMatch(reason -> reason.contains("none of the kernels"));
    }

    @KtstrKernels
    static class StaticCase {
        @BeforeAll
        static void beforeAll(KernelEntry kernel) {}

        @Test
        void test() {}
    }

    @Test
    void whatIsThereOnceForAllRunsHasNoKernel() throws IOException {
        assertThat(Stage.messages(stage("6.6.3").run(StaticCase.class)))
                .singleElement()
                .asString()
                .contains("@KtstrKernels on " + StaticCase.class.getName(), "@BeforeAll", "in @BeforeEach");
    }

    static class CompanionsCase {
        @KtstrKernels
        @RepeatedTest(2)
        void repeated() {}

        @KtstrKernels
        @ParameterizedTest
        @ValueSource(ints = 1)
        void parameterized(int number) {}

        @KtstrKernels
        @Test
        void plain() {}

        @KtstrKernels
        @KtstrKernel
        void contradictory() {}
    }

    @Test
    void anotherTemplateOnTheMethodIsRefused() throws IOException {
        Stage stage = stage("6.6.3");

        var results = stage.run(CompanionsCase.class);

        assertThat(results.testEvents().failed().count()
                        + results.containerEvents().failed().count())
                .isGreaterThanOrEqualTo(4);
        String where = CompanionsCase.class.getName();
        assertThat(Stage.messages(results))
                .anyMatch(message ->
                        message.contains("@KtstrKernels on " + where + ".repeated: the method has @RepeatedTest")
                                && message.contains("put @KtstrKernels on the class"))
                .anyMatch(message -> message.contains("has @ParameterizedTest") && message.contains("on the class"))
                .anyMatch(
                        message -> message.contains(".plain: the method has @Test") && message.contains("remove @Test"))
                .anyMatch(message -> message.contains(".contradictory: @KtstrKernel is there, too"));
    }

    @KtstrKernels
    static class EveryCase {
        @Test
        void each(KernelEntry kernel) {
            SEEN.add(kernel.key());
        }
    }

    @Test
    void ofEveryKernelTheDamagedOnesFail() throws IOException {
        Stage stage = stage("6.6.3", "6.12.5").set("ktstr.onMissing", "disable");
        stage.damage("k-6.12.5");

        var results = stage.run(EveryCase.class, MethodCase.class);

        assertThat(results.testEvents().succeeded().count()).isEqualTo(2);
        assertThat(Stage.names(results)).contains("kernel k-6.12.5 (damaged)");
        assertThat(Stage.messages(results))
                .hasSize(2)
                .allMatch(message -> message.contains("KT-ENTRY-02") && message.contains("k-6.12.5 (metadata.json "));
    }

    @KtstrKernels("9.9")
    static class BuiltPolicyCase {
        @RegisterExtension
        static final KtstrExtension KTSTR =
                KtstrExtension.builder().onMissing(OnMissing.DISABLE).build();

        @Test
        void each(KernelEntry kernel) {}
    }

    @Test
    void aBuiltExtensionSaysWhatMissingKernelsMean() throws IOException {
        var results = stage("6.6.3").run(BuiltPolicyCase.class);

        assertThat(Stage.thrown(results)).isEmpty();
        assertThat(Stage.skipReasons(results)).singleElement().asString().contains("none of the kernels");
    }

    @KtstrKernels
    @ParameterizedClass
    @ValueSource(ints = 1)
    static class ParameterizedCase {
        ParameterizedCase(int number) {}

        @Test
        void test() {}
    }

    @KtstrKernels
    @RepeatedTest(2)
    @Retention(RetentionPolicy.RUNTIME)
    @interface Composed {}

    static class ComposedCase {
        @Composed
        void test() {}
    }

    @Test
    void soIsAnotherTemplateOnTheClassAndOneThatAnAnnotationBringsAlong() throws IOException {
        Stage stage = stage("6.6.3");

        assertThat(Stage.messages(stage.run(ParameterizedCase.class)))
                .anyMatch(message -> message.contains("@KtstrKernels on " + ParameterizedCase.class.getName())
                        && message.contains("the class has @ParameterizedClass"));
        assertThat(Stage.messages(stage.run(ComposedCase.class)))
                .anyMatch(message -> message.contains("the method has @RepeatedTest"));
    }
}
