package dev.ktstr.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.testkit.engine.EngineExecutionResults;

class KtstrDiskTest {
    @TempDir
    Path directory;

    static class SeveralCase {
        @KtstrDisk(size = "16M")
        static TestDisk ofTheClass;

        @KtstrDisk(size = "16M")
        TestDisk inField;

        @KtstrDisk(size = "16M", label = "other")
        private TestDisk another;

        @BeforeEach
        void beforeEach(@KtstrDisk(size = "16M") TestDisk disk) {
            // The fields and the test method's own come first.
            assertThat(disk.spec().variant()).isEqualTo(5);
        }

        @Test
        void test(
                @KtstrDisk(size = "16M") TestDisk third,
                @KtstrDisk(size = "32M") TestDisk larger,
                @KtstrDisk(size = "16M") TestDisk fourth,
                @KtstrDisk(size = "16M", filesystem = Filesystem.RAW) TestDisk raw) {
            assertThat(Stream.of(ofTheClass, inField, another, third, larger, fourth, raw)
                            .map(disk -> disk.spec().variant()))
                    .containsExactly(1, 2, 1, 3, 1, 4, 1);
        }

        @AfterEach
        void afterEach() {
            assertThat(inField.path()).exists();
        }
    }

    @Test
    void disksOfOneKindComeFromDifferentVariants() throws IOException {
        Stage stage = new Stage(directory);

        Stage.assertPassed(stage.run(SeveralCase.class), 1);
        assertThat(Stage.openDisks()).isZero();
    }

    static class KeepCase {
        @Test
        void good(@KtstrDisk(size = "16M") TestDisk disk) throws IOException {
            Files.writeString(disk.path(), "written by the good one", StandardOpenOption.WRITE);
        }

        @Test
        void bad(@KtstrDisk(size = "16M") TestDisk disk) throws IOException {
            Files.writeString(disk.path(), "written by the bad one", StandardOpenOption.WRITE);
            throw new IllegalStateException("bad");
        }
    }

    private List<String> kept() throws IOException {
        if (!Files.exists(directory.resolve("output"))) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(directory.resolve("output"))) {
            return all.filter(Files::isRegularFile)
                    .map(file -> directory.resolve("output").relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void nothingIsKeptUnlessThatIsSet() throws IOException {
        new Stage(directory).run(KeepCase.class);

        assertThat(kept()).isEmpty();
    }

    @Test
    void ofATestThatFailedItIsKeptPublishedAndNamed() throws IOException {
        EngineExecutionResults results =
                new Stage(directory).set("ktstr.keepDisks", "onFailure").run(KeepCase.class);

        assertThat(kept()).singleElement().asString().endsWith("bad-dev-ktstr-disk-TestDisk-/ktstr/disk-1.img");
        Path file = directory.resolve("output").resolve(kept().get(0));
        assertThat(Files.size(file)).isEqualTo(16 << 20);
        try (var content = Files.newInputStream(file)) {
            assertThat(new String(content.readNBytes(22), StandardCharsets.US_ASCII))
                    .isEqualTo("written by the bad one");
        }
        assertThat(Stage.thrown(results).get(0).getSuppressed())
                .singleElement()
                .satisfies(told -> assertThat(told).hasMessageContaining("\n  file " + file));
        assertThat(results.allEvents().fileEntryPublished().count()).isEqualTo(1);
    }

    @Test
    void orOfAllOfThemThoseOfAnEarlierRunAreReplaced() throws IOException {
        Stage stage = new Stage(directory).set("ktstr.keepDisks", "always");
        stage.run(KeepCase.class);
        assertThat(kept()).hasSize(2);

        EngineExecutionResults again = stage.run(KeepCase.class);

        assertThat(kept()).hasSize(2);
        assertThat(Stage.thrown(again).get(0).getSuppressed())
                .singleElement()
                .satisfies(told -> assertThat(told).message().doesNotContain("could not be kept"));
    }

    static class KeepClassCase {
        @KtstrDisk(size = "16M")
        static TestDisk disk;

        @Test
        void bad() {
            throw new IllegalStateException("bad");
        }
    }

    @Test
    void ofAClassItIsKeptWhenOneOfItsTestsFailed() throws IOException {
        new Stage(directory).set("ktstr.keepDisks", "onFailure").run(KeepClassCase.class);

        assertThat(kept()).hasSize(1);
    }

    private static final Path BLOCKED = Path.of("disk-1.img", "something");

    /** Puts a directory that is not empty where the disk of a test is to be. */
    private void block(String test) throws IOException {
        Files.createDirectories(directory
                .resolve("output/" + test + "-dev-ktstr-disk-TestDisk-/ktstr")
                .resolve(BLOCKED));
    }

    @Test
    void whatCannotBeKeptIsAFailureOfATestThatPassed() throws IOException {
        block("good");
        block("bad");

        EngineExecutionResults results =
                new Stage(directory).set("ktstr.keepDisks", "always").run(KeepCase.class);

        assertThat(results.testEvents().failed().count()).isEqualTo(2);
        assertThat(Stage.thrown(results))
                .flatMap(
                        thrown -> Stream.concat(Stream.ofNullable(thrown.getCause()), Stream.of(thrown.getSuppressed()))
                                .toList())
                .anyMatch(told -> told instanceof TestException
                        && String.valueOf(told.getMessage())
                                .contains("keeping files of " + KeepCase.class.getName() + "#good")
                        && String.valueOf(told.getMessage()).contains("disk-1.img"));
        assertThat(Stage.thrown(results))
                .filteredOn(thrown -> thrown instanceof IllegalStateException)
                .singleElement()
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(told -> assertThat(told).message().contains("not kept: ", "disk-1.img")));
        assertThat(Stage.openDisks()).isZero();
    }

    static class ClosedCase {
        @Test
        void test(@KtstrDisk(size = "16M") TestDisk first, @KtstrDisk(size = "16M") TestDisk second)
                throws IOException {
            first.close();
            throw new IllegalStateException("bad");
        }
    }

    @Test
    void aDiskThatTheTestHasClosedIsSkipped() throws IOException {
        EngineExecutionResults results =
                new Stage(directory).set("ktstr.keepDisks", "always").run(ClosedCase.class);

        assertThat(kept()).singleElement().asString().endsWith("disk-2.img");
        assertThat(Stage.thrown(results).get(0).getSuppressed())
                .singleElement()
                .satisfies(told -> assertThat(told).message().contains("the test has closed it", "disk-2.img"));
    }

    static class DynamicCase {
        @TestFactory
        DynamicContainer factory(@KtstrDisk(size = "16M") TestDisk disk) {
            return DynamicContainer.dynamicContainer("container", List.of(DynamicTest.dynamicTest("dynamic", () -> {
                throw new IllegalStateException("bad");
            })));
        }
    }

    @Test
    void ofDynamicTestsItIsThatOfTheirFactoryAndItsPlaceIsNamed() throws IOException {
        EngineExecutionResults results =
                new Stage(directory).set("ktstr.keepDisks", "onFailure").run(DynamicCase.class);

        assertThat(kept()).hasSize(1);
        Path there = directory.resolve("output").resolve(kept().get(0)).getParent();
        assertThat(Stage.thrown(results).get(0).getSuppressed())
                .singleElement()
                .satisfies(told -> assertThat(told).message().contains("#factory has ended, in " + there));
    }
}
