package dev.ktstr.maven.packages;

import static dev.ktstr.maven.packages.Debs.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.maven.Goals;
import dev.ktstr.maven.PrepareMojo;
import dev.ktstr.maven.RequiredDisk;
import dev.ktstr.maven.RequiredKernel;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareMojoTest {
    private final List<String> said = new ArrayList<>();
    private final Properties project = new Properties();
    private final Properties user = new Properties();
    private Map<String, Object> build = new HashMap<>();

    @TempDir
    private Path directory;

    private Path cacheDirectory;
    private Path target;
    private KernelCache cache;

    @BeforeEach
    void open() {
        cacheDirectory = directory.resolve("cache");
        target = directory.resolve("target");
        cache = KernelCache.at(cacheDirectory, Environment.system());
    }

    private PrepareMojo goal(Path buildDirectory, RequiredKernel... kernels) throws ReflectiveOperationException {
        PrepareMojo goal = new PrepareMojo();
        goal.setLog(new SystemStreamLog() {
            @Override
            public void info(CharSequence line) {
                synchronized (said) {
                    said.add(line.toString());
                }
            }
        });
        Goals.with(goal, "cacheDir", cacheDirectory.toFile());
        Goals.with(goal, "buildDirectory", buildDirectory.toFile());
        Goals.with(goal, "projectProperties", project);
        Goals.with(goal, "userProperties", user);
        goal.setPluginContext(build);
        return Goals.with(goal, "kernels", List.of(kernels));
    }

    /** In a build of its own. */
    private void prepare(RequiredKernel... kernels) throws Exception {
        project.clear();
        build = new HashMap<>();
        prepareAlso(kernels);
    }

    private void prepareAlso(RequiredKernel... kernels) throws Exception {
        said.clear();
        goal(target, kernels).execute();
    }

    private static RequiredKernel selected(String text) {
        RequiredKernel kernel = new RequiredKernel();
        kernel.set(text);
        return kernel;
    }

    private static RequiredKernel packaged(String selector, Path... debs) throws ReflectiveOperationException {
        RequiredKernel kernel = Goals.with(new RequiredKernel(), "key", "k");
        if (!selector.isEmpty()) {
            kernel.set(selector);
        }
        return Goals.with(
                kernel, "packages", Arrays.stream(debs).map(Path::toFile).toList());
    }

    private Path deb(String name) throws Exception {
        return Debs.named(name)
                .data(new Tars().file("./boot/vmlinuz-" + RELEASE, bzImage()).end())
                .write(directory, name + ".deb");
    }

    /** The smallest one that names its version. */
    private static byte[] bzImage() {
        ByteBuffer image = ByteBuffer.allocate(0x1000).order(ByteOrder.LITTLE_ENDIAN);
        image.putShort(0x1fe, (short) 0xaa55);
        image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
        image.putShort(0x206, (short) 0x020f);
        image.putShort(0x20e, (short) 0x400);
        image.put(0x600, (RELEASE + " (me@host) #1 SMP").getBytes(StandardCharsets.US_ASCII));
        return image.array();
    }

    private void store(String key, String version) throws Exception {
        Path image = Files.writeString(directory.resolve("image-" + key), "image " + key);
        cache.store(StoreRequest.builder()
                .key(key)
                .image(image)
                .kernelVersion(version)
                .build());
    }

    private Path prepared() {
        return target.resolve("ktstr/prepared.properties");
    }

    @Test
    void withoutKernelsHandsOnTheCacheAlone() throws Exception {
        prepare();
        assertThat(prepared()).hasContent("ktstr.cacheDir=" + cacheDirectory + "\n");
        assertThat(project).containsExactly(Map.entry("ktstr.cacheDir", cacheDirectory.toString()));
        assertThat(said).isEmpty();
        assertThat(target.resolve("ktstr")).isDirectoryNotContaining("glob:**packages.properties");
    }

    @Test
    void handsOnKeysInOrderEachOnce() throws Exception {
        store("old", "6.1.5");
        store("new", "6.1.9");
        store("later", "6.12.1");

        prepare(selected("6.12"), selected("6.1"), selected("latest"), selected("6.1..6.12"));

        assertThat(prepared())
                .hasContent("ktstr.cacheDir=" + cacheDirectory + "\nktstr.kernel=later\nktstr.kernels=later,new,old\n");
        assertThat(project).containsEntry("ktstr.kernel", "later").containsEntry("ktstr.kernels", "later,new,old");
        assertThat(said)
                .containsExactly(
                        "already there: kernel later (6.12.1, x86_64)",
                        "already there: kernel new (6.1.9, x86_64)",
                        "already there: kernel old (6.1.5, x86_64)");

        prepare();
        assertThat(prepared()).hasContent("ktstr.cacheDir=" + cacheDirectory + "\n");
    }

    @Test
    void whatTheUserGaveStands() throws Exception {
        store("old", "6.1.5");
        user.setProperty("ktstr.kernel", "6.12");
        prepare(selected("6.1"));
        assertThat(project).doesNotContainKey("ktstr.kernel").containsEntry("ktstr.kernels", "old");
        assertThat(prepared()).content().contains("ktstr.kernel=old\n");
    }

    @Test
    void severalExecutionsAddUpAndTheNextBuildBeginsAnew() throws Exception {
        store("old", "6.1.5");
        store("later", "6.12.1");
        prepare(selected("6.12"));
        prepareAlso(selected("6.1"));
        assertThat(said).containsExactly("already there: kernel old (6.1.5, x86_64)");
        assertThat(project).containsEntry("ktstr.kernel", "later").containsEntry("ktstr.kernels", "later,old");
        prepareAlso(); // such as one with disks
        assertThat(said).isEmpty();
        assertThat(prepared())
                .hasContent("ktstr.cacheDir=" + cacheDirectory + "\nktstr.kernel=later\nktstr.kernels=later,old\n");

        prepare(selected("6.1"));
        assertThat(project).containsEntry("ktstr.kernel", "old").containsEntry("ktstr.kernels", "old");
    }

    @Test
    void aPropertyOfTheUserStandsInPlaceOfTheListAndOneOfTheProjectDoesNot() throws Exception {
        store("old", "6.1.5");
        store("later", "6.12.1");
        user.setProperty("ktstr.kernels", "6.12, 6.1,");
        prepare(selected("6.1"));
        assertThat(prepared()).content().contains("ktstr.kernels=later,old\n");
        assertThat(project).doesNotContainKey("ktstr.kernels");

        user.setProperty("ktstr.kernels", " ");
        prepare(selected("6.1"));
        assertThat(prepared()).content().contains("ktstr.kernels=old\n");

        user.clear();
        project.clear();
        build.clear();
        project.setProperty("ktstr.kernels", "6.12");
        prepareAlso(selected("6.1"));
        assertThat(project).containsEntry("ktstr.kernels", "old");

        project.clear();
        build.clear();
        project.setProperty("ktstr.kernels", "6.12");
        prepareAlso();
        assertThat(project).containsEntry("ktstr.kernels", "later");
    }

    @Test
    void aSelectorOfTheUserComesFromWhereTheListSays() throws Exception {
        Path deb = deb("linux-image-one");
        user.setProperty("ktstr.kernels", "6.1.0");
        prepare(packaged("6.12", directory.resolve("absent.deb")), packaged("6.1.0", deb));
        assertThat(said).containsExactly("stored kernel k (" + RELEASE + ", x86_64)");

        user.setProperty("ktstr.kernels", "9.99");
        assertThatThrownBy(() -> prepare(packaged("6.1.0", deb)))
                .hasMessageContaining(
                        "preparing kernel \"9.99\", which -Dktstr.kernels asks for: no stored kernel matches, and"
                                + " no kernel of the POM with this very selector says where it comes from; there are: k")
                .hasMessageNotContaining("nothing says");
    }

    @Test
    void disksOfTheUserStandInPlaceOfTheList() throws Exception {
        RequiredDisk disk = new RequiredDisk();
        disk.set("ext4:16M");
        user.setProperty("ktstr.disks", "zfs:1G");
        PrepareMojo goal = goal(target);
        Goals.with(goal, "disks", List.of(disk));
        assertThatThrownBy(goal::execute).hasMessageContaining("\"zfs\"");
    }

    @Test
    void packagesAreRememberedByEveryExecutionUntilTheyAreGone() throws Exception {
        Path one = deb("linux-image-one");
        Path other = Files.move(deb("linux-image-two"), directory.resolve("it is | two.deb"));
        prepare(packaged("", one));
        prepareAlso(Goals.with(packaged("", other), "key", "k2"));
        Path memory = target.resolve("ktstr/packages.properties");
        assertThat(memory).content().contains("linux-image-one", "two").hasLineCount(2);
        FileTime written = FileTime.fromMillis(1000);
        Files.setLastModifiedTime(memory, written);
        prepare();
        prepare(packaged("", one));
        assertThat(said).singleElement().asString().startsWith("already there: ");
        assertThat(memory).content().hasLineCount(2);
        assertThat(Files.getLastModifiedTime(memory)).isEqualTo(written);

        Files.delete(one);
        prepare();
        assertThat(memory).content().doesNotContain("linux-image-one").hasLineCount(1);
    }

    @Test
    void packagesAreReadAgainOnlyIfTheyChanged() throws Exception {
        Path deb = deb("linux-image-one");
        prepare(packaged("", deb));
        assertThat(said).containsExactly("stored kernel k (" + RELEASE + ", x86_64)");

        // A package that cannot be read any more, and looks the same from outside: it was not read.
        FileTime time = Files.getLastModifiedTime(deb);
        byte[] whole = Files.readAllBytes(deb);
        Files.write(deb, new byte[whole.length]);
        Files.setLastModifiedTime(deb, time);
        prepare(packaged("", deb));
        assertThat(said).containsExactly("already there: kernel k (" + RELEASE + ", x86_64)");

        Files.setLastModifiedTime(deb, FileTime.fromMillis(1000));
        assertThatThrownBy(() -> prepare(packaged("", deb))).hasMessageContaining("KT-PKG-01");

        Files.write(deb, whole);
        prepare(packaged("", deb));
        assertThat(said).containsExactly("already there: kernel k (" + RELEASE + ", x86_64)");
    }

    @Test
    void whatIsRememberedIsNotBelievedOfAnotherEntry() throws Exception {
        Path deb = deb("linux-image-one");
        prepare(packaged("", deb));
        store("k", "6.1.5");
        prepare(packaged("", deb));
        assertThat(said).containsExactly("stored kernel k (" + RELEASE + ", x86_64), replacing the entry of that name");

        Files.delete(cacheDirectory.resolve("k/bzImage"));
        prepare(packaged("", deb));
        assertThat(said).singleElement().asString().startsWith("stored kernel k ");
    }

    @Test
    void projectsOfOneBuildStoreOnce() throws Exception {
        Path deb = deb("linux-image-one");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                PrepareMojo goal = goal(directory.resolve("module" + i), packaged("", deb));
                running.add(threads.submit(() -> {
                    goal.execute();
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(said)
                .hasSize(4)
                .filteredOn(line -> line.startsWith("stored "))
                .hasSize(1);
        for (int i = 0; i < 4; i++) {
            assertThat(directory.resolve("module" + i + "/ktstr/packages.properties"))
                    .isNotEmptyFile();
        }
    }

    @Test
    void aSelectorComesBeforeTheSource() throws Exception {
        store("old", "6.1.5");
        prepare(packaged("6.1.5", directory.resolve("absent.deb")));
        assertThat(said).containsExactly("already there: kernel old (6.1.5, x86_64)");

        Path deb = deb("linux-image-one");
        prepare(packaged("6.1.0", deb));
        assertThat(said).containsExactly("stored kernel k (" + RELEASE + ", x86_64)");
    }

    @Test
    void saysWhatTheSourceHadInstead() throws Exception {
        Path deb = deb("linux-image-one");
        assertThatThrownBy(() -> prepare(packaged("6.12", deb)))
                .isInstanceOf(MojoFailureException.class)
                .hasMessageContaining("KT-PREP-01  preparing kernel \"6.12\": it was to come from linux-image-one.deb")
                .hasMessageContaining("kernel k (" + RELEASE + ", x86_64), is not selected");
        assertThat(prepared()).doesNotExist();
    }

    @Test
    void saysWhatThereIsInPlaceOfAMissingKernel() throws Exception {
        assertThatThrownBy(() -> prepare(selected("6.12"))).hasMessageContaining("no usable kernel is stored");
        store("old", "6.1.5");
        Files.createDirectory(cacheDirectory.resolve("broken"));
        assertThatThrownBy(() -> prepare(selected("6.12")))
                .isInstanceOf(MojoFailureException.class)
                .hasMessageContaining("KT-PREP-01  preparing kernel \"6.12\": no stored kernel matches")
                .hasMessageContaining("there are: old; unusable are: broken")
                .hasMessageContaining("-Dktstr.cacheDir=" + cacheDirectory)
                .hasMessageContaining("<kernel><selector>6.12</selector><packages>");
    }

    @Test
    void refusesAKeyThatCannotBeInAList() throws Exception {
        store("a,b", "6.1.5");
        assertThatThrownBy(() -> prepare(selected("6.1")))
                .isInstanceOf(MojoFailureException.class)
                .hasMessageContaining("KT-KEY-01  preparing kernel \"a,b\"");
        assertThat(prepared()).doesNotExist();
    }

    @Test
    void anUnbuiltTreeSpeaksForItself() throws Exception {
        RequiredKernel tree = Goals.with(new RequiredKernel(), "kernelTree", new File("/nowhere/linux"));
        assertThatThrownBy(() -> prepare(tree)).hasMessageContaining("KT-STORE-05");
    }

    @Test
    void refusesBadInputBeforeAnythingIsStored() throws Exception {
        RequiredDisk disk = new RequiredDisk();
        disk.set("zfs:1G");
        PrepareMojo goal = goal(target, packaged("", deb("linux-image-one")));
        Goals.with(goal, "disks", List.of(disk));
        assertThatThrownBy(goal::execute).hasMessageContaining("KT-ENV-03");
        assertThat(cacheDirectory).doesNotExist();
    }
}
