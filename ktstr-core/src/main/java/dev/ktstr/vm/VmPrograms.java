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
     * @throws VmException if there is none
     */
    Path require(RequiredProgram program) throws VmException {
        return programs.find(program.name())
                .orElseThrow(() -> new VmException(
                        ErrorCode.VM_PROGRAM_MISSING,
                        "starting a virtual machine: " + programs.missing(program.name()),
                        null,
                        Programs.install(program.debianPackage(), program.fedoraPackage())));
    }
}
