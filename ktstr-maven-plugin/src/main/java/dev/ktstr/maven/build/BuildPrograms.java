package dev.ktstr.maven.build;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What has to be installed for a kernel to be built. */
final class BuildPrograms {
    /** @param options that need it, one is enough; empty if every build does */
    private record Need(String name, boolean isHeader, String debian, String fedora, List<String> options) {
        static Need program(String name, String debian, String fedora, String... options) {
            return new Need(name, false, debian, fedora, List.of(options));
        }

        static Need header(String name, String debian, String fedora, String... options) {
            return new Need(name, true, debian, fedora, List.of(options));
        }

        boolean isIn(Kconfig config) {
            return options.isEmpty() || options.stream().anyMatch(config::isOn);
        }
    }

    private static final List<Need> NEEDS = List.of(
            Need.program("make", "make", "make"),
            Need.program("gcc", "gcc", "gcc"),
            Need.program("ld", "binutils", "binutils"),
            Need.program("flex", "flex", "flex"),
            Need.program("bison", "bison", "bison"),
            Need.program("bc", "bc", "bc"),
            Need.program("perl", "perl", "perl"),
            Need.program("setsid", "util-linux", "util-linux"),
            Need.program("pahole", "dwarves", "dwarves", "CONFIG_DEBUG_INFO_BTF"),
            Need.program("gzip", "gzip", "gzip", "CONFIG_KERNEL_GZIP", "CONFIG_IKCONFIG"),
            Need.program("bzip2", "bzip2", "bzip2", "CONFIG_KERNEL_BZIP2"),
            Need.program("xz", "xz-utils", "xz", "CONFIG_KERNEL_XZ", "CONFIG_MODULE_COMPRESS_XZ"),
            Need.program("lzop", "lzop", "lzop", "CONFIG_KERNEL_LZO"),
            Need.program("lz4", "lz4", "lz4", "CONFIG_KERNEL_LZ4"),
            Need.program("zstd", "zstd", "zstd", "CONFIG_KERNEL_ZSTD", "CONFIG_MODULE_COMPRESS_ZSTD"),
            Need.program("cpio", "cpio", "cpio", "CONFIG_IKHEADERS"),
            // resolve_btfids and objtool
            Need.header(
                    "libelf.h",
                    "libelf-dev",
                    "elfutils-libelf-devel",
                    "CONFIG_DEBUG_INFO_BTF",
                    "CONFIG_OBJTOOL",
                    "CONFIG_STACK_VALIDATION"),
            Need.header("zlib.h", "zlib1g-dev", "zlib-devel", "CONFIG_DEBUG_INFO_BTF"),
            Need.header(
                    "openssl/evp.h",
                    "libssl-dev",
                    "openssl-devel",
                    "CONFIG_SYSTEM_TRUSTED_KEYRING",
                    "CONFIG_MODULE_SIG_FORMAT"));

    private final Programs programs;

    BuildPrograms(Environment environment) throws IOException {
        this.programs = new Programs(environment);
    }

    /**
     * Fails unless everything is there, naming all that is not.
     *
     * @param config what will be built, as far as it is known
     */
    void require(Kconfig config) throws IOException {
        List<Need> missing = new ArrayList<>();
        for (Need need : NEEDS) {
            if (need.isIn(config) && !isThere(need)) {
                missing.add(need);
            }
        }
        if (!missing.isEmpty()) {
            throw new BuildException(
                    ErrorCode.BUILD_TREE,
                    "building a kernel: this machine has no "
                            + missing.stream()
                                    .map(need -> described(need, config))
                                    .collect(Collectors.joining(", no ")),
                    null,
                    Programs.install(
                            packages(missing.stream().map(Need::debian).toList()),
                            packages(missing.stream().map(Need::fedora).toList())));
        }
    }

    private boolean isThere(Need need) throws IOException {
        if (!need.isHeader()) {
            return programs.find(need.name()).isPresent();
        }
        Optional<Path> gcc = programs.find("gcc");
        return gcc.isEmpty() || compiles(gcc.get(), need.name()); // without a compiler nobody can tell
    }

    private static boolean compiles(Path gcc, String header) throws IOException {
        Process compiler = new ProcessBuilder(
                        gcc.toString(), "-fsyntax-only", "-x", "c", "-include", header, "/dev/null")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return compiler.waitFor() == 0;
        } catch (InterruptedException interrupted) {
            compiler.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while gcc looked for " + header);
        }
    }

    private static String described(Need need, Kconfig config) {
        String why = need.options().stream()
                .filter(config::isOn)
                .findFirst()
                .map(option -> " (which " + option + " needs)")
                .orElse("");
        return (need.isHeader() ? "header " : "program ") + need.name() + why;
    }

    private static String packages(List<String> names) {
        Set<String> once = new LinkedHashSet<>(names);
        return String.join(" ", once);
    }
}
