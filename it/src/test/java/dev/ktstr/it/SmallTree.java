package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What stands in for a Linux source tree, whose build takes minutes: a git repository with a Makefile that has the same
 * targets. It configures and compiles next to nothing, and what comes of it is the kernel that the distribution has built from
 * its own tree. Files that git ignores control it: while {@code hold} is there, make waits; with {@code fail} it fails; options
 * in {@code drop} are dropped by {@code olddefconfig}, as kconfig drops those whose dependencies are missing.
 */
record SmallTree(Path path) {
    private static final boolean IS_ARM = System.getProperty("os.arch").equals("aarch64");
    private static final String IMAGE = IS_ARM ? "arch/arm64/boot/Image" : "arch/x86/boot/bzImage";

    private static final String MAKEFILE = """
            defconfig:
            	cp @CONFIG@ .config
            olddefconfig:
            	test -f .config
            	touch drop
            	while read -r option; do sed -i "/^$$option=/d" .config; done <drop
            kernelrelease:
            	@echo 6.1.0
            all: main.o vmlinux image
            main.o: main.c
            	@echo '  CC      main.o'
            	@gcc -c -o main.o main.c
            vmlinux: main.o
            	@while [ -e hold ]; do touch holding; sleep 0.05; done
            	@if [ -e fail ]; then echo 'main.c:1:1: error: it is to fail' >&2; exit 1; fi
            	@echo '  LD      vmlinux'
            	@ln -sf @VMLINUX@ vmlinux
            image: vmlinux
            	@mkdir -p $(dir @IMAGE@)
            	@cp @SOURCE@ @IMAGE@
            .PHONY: defconfig olddefconfig kernelrelease all image
            """;

    /** Writes it into a directory; not under git yet. */
    static SmallTree write(Path directory) throws IOException {
        RealKernel kernel = RealKernel.require();
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("Makefile"),
                MAKEFILE.replace("@CONFIG@", kernel.config().toString())
                        .replace("@VMLINUX@", kernel.vmlinux().toString())
                        .replace("@SOURCE@", kernel.image().toString())
                        .replace("@IMAGE@", IMAGE));
        Files.writeString(directory.resolve("Kbuild"), "# Kbuild\n");
        Files.writeString(directory.resolve("main.c"), "int main(void) { return 0; }\n");
        Files.writeString(directory.resolve(".gitignore"), ".*\n!.gitignore\n*.o\nvmlinux\narch\nhold*\nfail\ndrop\n");
        return new SmallTree(directory);
    }

    /** The same, committed. */
    static SmallTree commit(Path directory) throws IOException, InterruptedException {
        SmallTree tree = write(directory);
        tree.git("init", "-q");
        tree.git("add", "-A");
        tree.git("commit", "-q", "-m", "a kernel");
        return tree;
    }

    void git(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                List.of("git", "-C", path.toString(), "-c", "user.name=me", "-c", "user.email=me@example.org");
        Commands.run(Stream.concat(command.stream(), Stream.of(arguments)).toArray(String[]::new));
    }

    Path image() {
        return path.resolve(IMAGE);
    }

    Path config() {
        return path.resolve(".config");
    }

    void edit() throws IOException {
        Files.writeString(path.resolve("main.c"), "int main(void) { return 1; }\n");
    }

    void hold() throws IOException {
        Files.createFile(path.resolve("hold"));
    }

    void awaitHolding() throws IOException, InterruptedException {
        for (int tries = 0; !Files.exists(path.resolve("holding")); tries++) {
            if (tries > 1200) {
                throw new IOException("make has not come so far in a minute");
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    void release() throws IOException {
        Files.deleteIfExists(path.resolve("hold"));
    }

    /** The processes that work in it. */
    List<String> processes() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            return all.filter(process -> process.getFileName().toString().matches("[0-9]+"))
                    .filter(process -> isHere(process.resolve("cwd")))
                    .map(Path::toString)
                    .toList();
        }
    }

    private boolean isHere(Path workingDirectory) {
        try {
            return Files.readSymbolicLink(workingDirectory).startsWith(path);
        } catch (IOException gone) {
            return false;
        }
    }
}
