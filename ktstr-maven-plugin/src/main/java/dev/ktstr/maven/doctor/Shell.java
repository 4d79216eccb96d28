package dev.ktstr.maven.doctor;

import dev.ktstr.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Words of commands that people copy. */
final class Shell {
    private Shell() {}

    /** What to put before a command that needs root: nothing for root, who may have no sudo. */
    static String sudo() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0) ? "" : "sudo ";
        } catch (IOException | RuntimeException hidden) {
            return "sudo ";
        }
    }

    /** The command that installs packages here, by whoever runs this. */
    static List<String> install(Programs programs, String debian, String fedora) {
        return programs.installing(sudo(), debian, fedora);
    }

    /** The same, for what is there and does not work. */
    static List<String> reinstall(Programs programs, String debian, String fedora) {
        return programs.reinstalling(sudo(), debian, fedora);
    }
}
