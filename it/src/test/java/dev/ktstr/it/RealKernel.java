package dev.ktstr.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.cache.StoreRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The distribution's kernel that the tests work on. */
record RealKernel(Path image, Path vmlinux, Path config) {
    static RealKernel require() {
        return new RealKernel(file("ktstr.it.image"), file("ktstr.it.vmlinux"), file("ktstr.it.config"));
    }

    StoreRequest.Builder request() {
        return StoreRequest.builder().image(image).vmlinux(vmlinux).config(config);
    }

    /** The same kernel with another configuration, which makes it another entry. */
    RealKernel withConfig(Path file, String content) throws IOException {
        return new RealKernel(image, vmlinux, Files.writeString(file, content));
    }

    /** The directory with its modules, uncompressed. */
    static Path requireModules() {
        Path directory = path("ktstr.it.modules");
        assumeTrue(Files.isDirectory(directory), () -> directory + " is no directory");
        return directory;
    }

    private static Path file(String property) {
        Path file = path(property);
        assumeTrue(Files.isRegularFile(file), () -> file + " is no file");
        return file;
    }

    private static Path path(String property) {
        String value = System.getProperty(property, "");
        assumeTrue(
                !value.isEmpty(),
                () -> "needs a kernel: set -D" + property + ", or run scripts/test.sh, which fetches one");
        return Path.of(value);
    }
}
