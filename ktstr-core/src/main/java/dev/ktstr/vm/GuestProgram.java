package dev.ktstr.vm;

import java.util.List;
import java.util.stream.Collectors;

/** What is to be run in a guest. */
sealed interface GuestProgram {
    GuestProgram NOTHING = new Command(List.of("true"));

    static GuestProgram command(List<String> words) {
        return new Command(words);
    }

    static GuestProgram script(String text) {
        return new Script(text);
    }

    /** A line for the guest's shell, which becomes the program. */
    String line();

    void check() throws VmException;

    record Command(List<String> words) implements GuestProgram {
        /** Busybox prefers its own commands to those on the PATH, unless they are called by their path. */
        @Override
        public String line() {
            String name = quoted(words.get(0));
            String arguments =
                    words.stream().skip(1).map(word -> " " + quoted(word)).collect(Collectors.joining());
            return words.get(0).contains("/")
                    ? "exec " + name + arguments
                    : "IFS=:; for directory in $PATH; do [ ! -x \"$directory/\"" + name + " ] || exec \"$directory/\""
                            + name + arguments + "; done; unset IFS; exec " + name + arguments;
        }

        @Override
        public void check() throws VmException {
            if (words.isEmpty() || words.get(0).isEmpty()) {
                throw VmException.spec("command", "it is empty", "name a program, or leave the command out");
            }
            if (words.stream().anyMatch(word -> word.indexOf('\0') >= 0)) {
                throw VmException.spec("command", "it has a NUL in it", "leave it out");
            }
        }
    }

    record Script(String text) implements GuestProgram {
        static final String FILE = GuestFiles.OURS + "/script";

        @Override
        public String line() {
            return "exec /bin/sh " + FILE;
        }

        @Override
        public void check() throws VmException {
            if (text.indexOf('\0') >= 0) {
                throw VmException.spec("script", "it has a NUL in it", "leave it out");
            }
        }
    }

    /** As one word of a shell, whatever is in it. */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
