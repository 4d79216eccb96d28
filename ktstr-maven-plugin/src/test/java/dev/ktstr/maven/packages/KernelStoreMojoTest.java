package dev.ktstr.maven.packages;

import static dev.ktstr.maven.packages.Debs.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktstr.maven.Goals;
import dev.ktstr.maven.KernelStoreMojo;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelStoreMojoTest {
    private final StringBuilder said = new StringBuilder();

    @TempDir
    private Path directory;

    private KernelStoreMojo goal(String parameter, Object value) throws ReflectiveOperationException {
        KernelStoreMojo goal = Goals.with(
                new KernelStoreMojo(), "cacheDir", directory.resolve("cache").toFile());
        goal.setLog(new SystemStreamLog() {
            @Override
            public void info(CharSequence line) {
                said.append(line).append('\n');
            }
        });
        return Goals.with(goal, parameter, value);
    }

    @Test
    void refusesCompressedModulesWithoutAnImage() throws Exception {
        Path modules = Files.createDirectory(directory.resolve("modules"));
        Files.write(
                modules.resolve("a.ko.gz"),
                Debs.compressed(Compression.GZIP, "module".getBytes(StandardCharsets.US_ASCII)));
        KernelStoreMojo goal = goal("modulesDir", modules.toFile());
        assertThatThrownBy(goal::execute)
                .isInstanceOf(MojoFailureException.class)
                .hasMessageContaining("KT-STORE-01  storing a kernel: no boot image was given")
                .hasMessageContaining("path  " + modules);
    }

    @Test
    void saysWhatIsTheSameAboutAKernelThatIsThere() throws Exception {
        Tars image = new Tars().file("./boot/vmlinuz-" + RELEASE, "image");
        Path one = Debs.named("linux-image-one").data(image.end()).write(directory, "one.deb");
        Path two = Debs.named("linux-image-two").data(image.open()).write(directory, "two.deb");

        store(one);
        assertThat(said).contains("stored k\n").contains("package  linux-image-one 6.1.192-2, amd64");
        store(one);
        assertThat(said).contains("already stored: k (same packages; -Dktstr.replace stores it again)");
        store(two);
        assertThat(said)
                .contains("already stored: k (same image, configuration and vmlinux; -Dktstr.replace stores it again)");
    }

    private void store(Path deb) throws Exception {
        said.setLength(0);
        List<File> packages = List.of(deb.toFile());
        KernelStoreMojo goal = Goals.with(goal("packages", packages), "key", "k");
        Goals.with(goal, "kernelVersion", "6.1").execute();
    }
}
