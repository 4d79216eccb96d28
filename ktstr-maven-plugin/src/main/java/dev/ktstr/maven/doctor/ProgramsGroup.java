package dev.ktstr.maven.doctor;

import dev.ktstr.ByteSizes;
import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.Programs;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.FormatterProgram;
import dev.ktstr.elf.ElfFile;
import dev.ktstr.os.FileStat;
import dev.ktstr.vm.RequiredProgram;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The programs that ktstr starts, each started. */
final class ProgramsGroup {
    private static final List<String> BUILD = List.of("make", "gcc", "flex", "bison", "bc", "pahole", "git");
    private static final Map<String, Path> BUILD_HEADERS =
            Map.of("libelf", Path.of("/usr/include/libelf.h"), "libssl", Path.of("/usr/include/openssl/opensslv.h"));

    private final Surroundings surroundings;
    private final Environment environment;
    private final Programs programs;

    ProgramsGroup(Surroundings surroundings) throws IOException {
        this.surroundings = surroundings;
        this.environment = surroundings.environment();
        this.programs = new Programs(environment);
    }

    void examine(Findings findings, Optional<Path> scratch) throws IOException {
        for (RequiredProgram each : VirtualMachine.requiredPrograms()) {
            findings.check(each.name(), () -> required(each));
        }
        findings.check("taskset", () -> started("taskset", "util-linux", "util-linux"));
        scratch.ifPresent(directory -> {
            for (Filesystem each : List.of(Filesystem.EXT4, Filesystem.XFS, Filesystem.BTRFS)) {
                findings.check("mkfs." + each.text(), () -> formatted(each, directory));
            }
        });
        findings.check("to build kernels", this::build);
    }

    private Finding required(RequiredProgram program) throws IOException, InterruptedException {
        Optional<Path> found = programs.find(program.name());
        if (found.isEmpty()) {
            return Finding.fail(
                    program.name(),
                    programs.missing(program.name()) + ": virtual machines do not start",
                    Shell.install(programs, program.debianPackage(), program.fedoraPackage()));
        }
        return program.name().equals("busybox")
                ? busybox(found.get(), program)
                : version(program.name(), found.get(), program.debianPackage(), program.fedoraPackage());
    }

    private Finding version(String name, Path file, String debian, String fedora)
            throws IOException, InterruptedException {
        Command version = Command.run(file.toString(), "--version");
        return version.status() == 0
                ? Finding.ok(name, file + ": " + version.firstLine())
                : Finding.fail(
                        name,
                        file + " --version ended with status " + version.status() + ": " + version.firstLine(),
                        Shell.reinstall(programs, debian, fedora));
    }

    private Finding busybox(Path file, RequiredProgram program) throws IOException, InterruptedException {
        Command help = Command.run(file.toString());
        if (help.status() != 0) {
            return Finding.fail(
                    "busybox",
                    file + " ended with status " + help.status() + ": " + help.firstLine(),
                    Shell.reinstall(programs, program.debianPackage(), program.fedoraPackage()));
        }
        String found = file + ": " + help.firstLine();
        try (ElfFile elf = ElfFile.open(file)) {
            return elf.dynamic().isEmpty()
                    ? Finding.ok("busybox", found + ", static")
                    : Finding.warn(
                            "busybox",
                            found + ", not static: a guest gets its shared libraries, too",
                            Shell.install(programs, program.debianPackage(), program.fedoraPackage()));
        }
    }

    private Finding started(String name, String debian, String fedora) throws IOException, InterruptedException {
        Optional<Path> found = programs.find(name);
        return found.isPresent()
                ? version(name, found.get(), debian, fedora)
                : Finding.warn(name, programs.missing(name), Shell.install(programs, debian, fedora));
    }

    /** By a store of its own, whose templates go with it: so the superblock is checked, too. */
    private Finding formatted(Filesystem filesystem, Path scratch) throws IOException {
        String name = "mkfs." + filesystem.text();
        // Not the user's, where the store would look for orphans.
        Environment own = environment.withVariable("KTSTR_DISK_DIR", scratch.toString());
        DiskSpec spec = DiskSpec.builder().filesystem(filesystem).size("300M").build();
        try {
            Path program = FormatterProgram.locate(filesystem, environment).path();
            long start = environment.nanoTime();
            Path image = DiskTemplates.at(scratch.resolve("templates"), own)
                    .ensure(spec)
                    .image();
            long milliseconds = (environment.nanoTime() - start) / 1_000_000;
            long allocated = FileStat.of(image).map(FileStat::allocated).orElse(0L);
            return Finding.ok(
                    name,
                    program + " formatted an image of 300 MiB (" + ByteSizes.format(allocated) + " on disk) in "
                            + milliseconds + " ms; its superblock is right");
        } catch (KtstrException failed) {
            if (failed.code() == ErrorCode.FORMATTER_FAILED) {
                return Finding.fail(name, failed.problem(), inAGuest(filesystem));
            }
            if (failed.code() != ErrorCode.FORMATTER_MISSING) {
                throw failed;
            }
            String packages = switch (filesystem) {
                case XFS -> "xfsprogs";
                case BTRFS -> "btrfs-progs";
                case EXT4, RAW -> "e2fsprogs";
            };
            List<String> remedy = Shell.install(programs, packages, packages);
            return filesystem == Filesystem.EXT4
                    ? Finding.fail(name, programs.missing(name) + ": test disks are ext4 by default", remedy)
                    : Finding.warn(name, programs.missing(name) + ": no disk can be formatted with it", remedy);
        }
    }

    /** There is another way: mkfs.btrfs, say, refuses ordinary users where somebody has mounted a loop device. */
    private List<String> inAGuest(Filesystem filesystem) throws IOException {
        return List.of(
                "# try that command by hand on a file of that size; or have disks formatted in a virtual machine:",
                surroundings.goal(
                        "disk-template",
                        DiskTemplates.open(environment).root().toString(),
                        "filesystem=" + filesystem.text(),
                        "formatter=vm"));
    }

    private Finding build() {
        List<String> missing = new ArrayList<>(
                BUILD.stream().filter(each -> programs.find(each).isEmpty()).toList());
        BUILD_HEADERS.forEach((name, header) -> {
            if (!Files.exists(header)) {
                missing.add(name);
            }
        });
        return missing.isEmpty()
                ? Finding.ok(
                        "to build kernels",
                        String.join(", ", BUILD) + " and the headers of libelf and libssl are there")
                : Finding.warn(
                        "to build kernels",
                        "missing: " + String.join(", ", missing)
                                + " (only needed to build kernels, not to store or boot" + " them)",
                        Shell.install(
                                programs,
                                "make gcc flex bison bc pahole git libelf-dev libssl-dev",
                                "make gcc flex bison bc dwarves git elfutils-libelf-devel openssl-devel"));
    }
}
