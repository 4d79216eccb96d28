package dev.ktstr.vm;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.Programs;
import java.io.IOException;
import java.nio.file.Path;

/** The programs of this machine that a virtual machine needs. */
final class VmPrograms {
    private final Programs programs;

    VmPrograms(Environment environment) throws IOException {
        this.programs = new Programs(environment);
    }

    /**
     * The program's file.
     *
     * @param debianPackage what to install where it is missing
     * @param fedoraPackage the same on Fedora
     * @throws VmException if there is none
     */
    Path require(String name, String debianPackage, String fedoraPackage) throws VmException {
        return programs.find(name)
                .orElseThrow(() -> new VmException(
                        ErrorCode.VM_PROGRAM_MISSING,
                        "starting a virtual machine: " + programs.missing(name),
                        null,
                        Programs.install(debianPackage, fedoraPackage)));
    }
}
