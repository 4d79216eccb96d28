package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Stores in directories whose names are hard to write down, under different locales. What a process is told to use, to the byte,
 * that it has to use, or nothing at all.
 */
final class OddNames {
    /** As {@code printf} of the shell writes them. */
    private static final List<String> NAMES = List.of(
            "new\\nline and space ",
            "\\303\\274ml\\303\\244ut", // UTF-8
            "\\374ml\\344ut", // the same in ISO 8859-1, and no UTF-8
            "$(x) \"quote\" '\\''single'\\'' \\\\back",
            "%%41 #{x} :colon, comma; =",
            "-rf",
            "\\t*?[a]{b}~",
            "\\360\\237\\220\\247",
            "\\377\\376",
            "nfd-u\\314\\210");

    private static final List<String> LOCALES = List.of("C", "C.UTF-8");

    /** How many of the names are tried in the bounded form: the first ones. */
    private static final int FEW = 3;

    private final Random random;
    private final MarkedKernel kernel;
    private final Path directory;
    private final Path scratch;

    private OddNames(Arena arena, MarkedKernel kernel) throws IOException {
        this.random = arena.random();
        this.kernel = kernel;
        this.directory = arena.newDirectory();
        this.scratch = arena.newDirectory();
    }

    static void run(Arena arena, MarkedKernel kernel, Trials trials) throws Exception {
        OddNames odd = new OddNames(arena, kernel);
        for (String name : NAMES.subList(0, arena.extent().of(FEW, NAMES.size()))) {
            for (String locale : LOCALES) {
                for (String variable : arena.extent() == Extent.BOUNDED
                        ? List.of("KTSTR_CACHE_DIR")
                        : List.of("KTSTR_CACHE_DIR", "XDG_CACHE_HOME", "HOME")) {
                    odd.trial(name, locale, variable, trials);
                }
            }
        }
    }

    private void trial(String name, String locale, String variable, Trials trials) throws Exception {
        Path top = Files.createTempDirectory(directory, "names");
        String first = LoadMain.generation(random);
        String second = LoadMain.generation(random);
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                // the dot keeps line breaks at the end
                "name=$(printf -- '" + name + ".'); name=${name%.}; mkdir -- \"$1/$name\"; export " + variable
                        + "=\"$1/$name\"; cd \"$1\"; shift; exec \"$@\"",
                "sh",
                top.toString()));
        command.addAll(Commands.jvm(
                UserMain.class,
                kernel.imageTemplate().toString(),
                kernel.vmlinuxTemplate().toString(),
                scratch.toString(),
                first,
                second));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(each -> each.startsWith("KTSTR_") || each.startsWith("XDG_"));
        builder.environment().put("LC_ALL", locale);
        String said = Commands.finish(builder.start());

        List<String> problems = new ArrayList<>();
        said.lines()
                .filter(line -> !line.matches("(ok|now|refused) .*"))
                .forEach(line -> problems.add("no clear error: " + line));
        // Only the shell can name it for certain.
        Commands.run(
                "sh",
                "-c",
                "cd \"$1\" && for i in * .[!.]*; do [ ! -e \"$i\" ] || mv -- \"$i\" \"$1/n$((n += 1))\"; done",
                "sh",
                top.toString());
        Set<String> left = new HashSet<>();
        try (Stream<Path> all = Files.list(top)) {
            all.forEach(path -> left.add(String.valueOf(path.getFileName())));
        }
        boolean used = said.contains("\nok store new");
        if (!left.equals(Set.of("n1"))) {
            problems.add("not one directory but " + left.size() + ": something was stored where nobody asked for it");
        }
        Path root = top.resolve(
                switch (variable) {
                    case "XDG_CACHE_HOME" -> "n1/ktstr/kernels";
                    case "HOME" -> "n1/.cache/ktstr/kernels";
                    default -> "n1";
                });
        if (used) {
            if (said.contains("\nrefused ")) {
                problems.add("some of it worked, and some did not");
            }
            Ledger ledger = new Ledger();
            ledger.returned("new", first);
            ledger.returned("old", second);
            ledger.begun(LoadMain.TEMPLATE, Ledger.ANY);
            problems.addAll(new Inspection(root)
                    .readAgainst(ledger)
                    .noDebris()
                    .use(kernel, "new", LoadMain.generation(random), scratch)
                    .problems());
        } else {
            try (Stream<Path> all = Files.walk(top)) {
                all.filter(Files::isRegularFile).forEach(path -> problems.add(path + " was written all the same"));
            }
        }
        trials.fired(used ? "odd name: used" : "odd name: refused");
        String circumstances =
                " (" + variable + "=" + name + ", LC_ALL=" + locale + "; " + said.replace('\n', ';') + ")";
        problems.forEach(problem -> trials.violation("odd name", problem + circumstances));
    }
}
