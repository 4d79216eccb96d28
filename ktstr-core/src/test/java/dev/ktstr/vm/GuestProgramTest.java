package dev.ktstr.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestProgramTest {
    /** What a shell makes of a line. */
    private static String run(String line) throws Exception {
        Process shell = new ProcessBuilder("/bin/sh", "-c", line)
                .redirectErrorStream(true)
                .start();
        shell.getOutputStream().close();
        String output = new String(shell.getInputStream().readAllBytes(), UTF_8);
        assertThat(shell.waitFor()).as(output).isZero();
        return output;
    }

    @Test
    void aShellSeesEachWordAsItIs() throws Exception {
        List<String> odd = List.of(
                "",
                " ",
                "  a  b ",
                "'",
                "''",
                "\"",
                "$HOME",
                "${x}",
                "`id`",
                "$(id)",
                "\\",
                "\\'",
                "a\nb",
                "\t",
                "*",
                "~",
                "#x",
                ";",
                "&",
                "|",
                "!",
                "-n",
                "größe",
                "a'b\"c\\d$e");
        List<String> words = new ArrayList<>(List.of("printf", "<%s>"));
        words.addAll(odd);
        assertThat(run(GuestProgram.command(words).line())).isEqualTo("<" + String.join("><", odd) + ">");
        for (String word : odd) {
            assertThat(run("X=" + GuestProgram.quoted(word) + "; printf %s \"$X\""))
                    .isEqualTo(word);
        }
    }

    @Test
    void aCommandIsLookedForOnThePathBeforeTheShellsOwnComeIntoIt(@TempDir Path directory) throws Exception {
        Path program = Files.writeString(directory.resolve("echo"), "#!/bin/sh\nprintf 'mine: %s\\n' \"$@\"\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();

        String line = GuestProgram.command(List.of("echo", "a b", "c")).line();

        assertThat(run("PATH=/nonexistent:" + directory + ":$PATH; " + line)).isEqualTo("mine: a b\nmine: c\n");
    }

    @Test
    void nothingElseToDoIsFine() throws Exception {
        assertThat(run(GuestProgram.NOTHING.line())).isEmpty();
    }
}
