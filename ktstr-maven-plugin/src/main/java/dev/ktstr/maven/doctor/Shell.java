package dev.ktstr.maven.doctor;

import dev.ktstr.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Words of commands that people copy. */
final class Shell {
    private Shell() {}

    /** A word that a shell takes as it is. */
    static String quoted(Object word) {
        String text = word.toString();
        return text.matches("[A-Za-z0-9_./:=@%+,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    /** What to put before a command that needs root: nothing for root, who may have no sudo. */
    static String sudo() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0) ? "" : "sudo ";
        } catch (IOException | RuntimeException hidden) {
            return "sudo ";
        }
    }

    /** The command that installs packages here; on an unknown system those of Debian and of Fedora. */
    static List<String> install(Programs programs, String debian, String fedora) {
        String apt = sudo() + "apt-get install -y " + debian;
        String dnf = sudo() + "dnf install -y " + fedora;
        if (programs.find("apt-get").isPresent()) {
            return List.of(apt);
        }
        return programs.find("dnf").isPresent() ? List.of(dnf) : List.of("# Debian, Ubuntu:", apt, "# Fedora:", dnf);
    }
}
