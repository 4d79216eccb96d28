package dev.ktstr.it;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Processes that store one kernel at the same moment, again and again: each time one does the work. */
final class CrowdRounds implements AutoCloseable {
    /** What is stored in a round. */
    private enum Form {
        NEW("one builder of a new kernel"),
        PACKAGES("one builder of a kernel from packages"),
        REPLACEMENT("one builder in place of an old kernel");

        private final String kind;

        Form(String kind) {
            this.kind = kind;
        }
    }

    /** What one process says of a round. */
    private record Answer(String outcome, String entry, int built) {
        static final String FORM = "[A-Z_]+ [0-9a-f]{16} [0-9]+ \\S+ [0-9]+";

        static Answer of(String line) {
            String[] words = line.split(" ", -1);
            return new Answer(words[0], String.join(" ", words[1], words[2], words[3]), Integer.parseInt(words[4]));
        }
    }

    private final KernelCache cache;
    private final MarkedKernel kernel;
    private final Path scratch;
    private final Trials trials;
    private final List<Process> processes = new ArrayList<>();
    private final List<BufferedReader> outputs = new ArrayList<>();

    CrowdRounds(Path root, MarkedKernel kernel, Path scratch, Trials trials) {
        this.cache = KernelCache.at(root);
        this.kernel = kernel;
        this.scratch = scratch;
        this.trials = trials;
    }

    /** Starts as many processes, every other one in the namespace. */
    void start(int count, PidNamespace namespace) throws IOException {
        List<String> command =
                CrowdMember.command(RoundMain.class, kernel, cache.root().toString(), scratch.toString());
        for (int i = 0; i < count; i++) {
            Process process = Commands.start(i % 2 == 0 ? command : namespace.inside(command));
            processes.add(process);
            outputs.add(process.inputReader());
        }
    }

    void run(int rounds, Random random) throws Exception {
        for (int i = 0; i < rounds; i++) {
            Form form = Form.values()[i % Form.values().length];
            try {
                run(form, "round-" + i, generation(random), generation(random));
            } catch (IOException failed) {
                trials.violation(form.kind, "round " + i + ": " + failed);
                return;
            }
        }
    }

    private void run(Form form, String key, String old, String generation) throws Exception {
        if (form == Form.REPLACEMENT) {
            cache.store(kernel.request(old, scratch).key(key).build());
        }
        tell(key + " " + generation + " " + form.name().toLowerCase(Locale.ROOT));
        lines();
        tell("go");
        List<Answer> answers = new ArrayList<>();
        for (String line : lines()) {
            answers.add(Answer.of(line));
        }
        trials.fired(form.kind);
        for (String problem : problems(form, key, generation, answers)) {
            trials.violation(form.kind, key + " of " + generation + ": " + problem + "; the answers were " + answers);
        }
        cache.clean(CleanPolicy.builder().key(key).build());
    }

    private List<String> problems(Form form, String key, String generation, List<Answer> answers) throws Exception {
        List<String> problems = new ArrayList<>(cache.verify(key).problems());
        List<String> expected = new ArrayList<>(Collections.nCopies(answers.size() - 1, "ALREADY_STORED"));
        expected.add(form == Form.REPLACEMENT ? "REPLACED" : "STORED");
        List<String> outcomes = answers.stream().map(Answer::outcome).sorted().toList();
        if (!outcomes.equals(expected)) {
            problems.add("not one did the work");
        }
        int built = answers.stream().mapToInt(Answer::built).sum();
        if (built != (form == Form.PACKAGES ? 1 : 0)) {
            problems.add("the packages were unpacked " + built + " times");
        }
        Set<String> entries = new TreeSet<>(answers.stream().map(Answer::entry).toList());
        if (entries.size() != 1 || !entries.iterator().next().startsWith(generation + " ")) {
            problems.add("not all were given the one new entry");
        }
        try (Stream<Path> names = Files.list(cache.root())) {
            names.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(key) && !name.equals(".locks"))
                    .forEach(name -> problems.add(name + " is left"));
        }
        return problems;
    }

    private void tell(String line) {
        for (Process process : processes) {
            try {
                process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            } catch (IOException ended) { // what it has printed says more
            }
        }
    }

    private List<String> lines() throws IOException {
        List<String> lines = new ArrayList<>();
        for (BufferedReader output : outputs) {
            lines.add(next(output));
        }
        return lines;
    }

    /** Lines that say who is waited for are passed over. */
    private static String next(BufferedReader output) throws IOException {
        StringBuilder passed = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.equals("ready") || line.matches(Answer.FORM)) {
                return line;
            }
            passed.append(line).append('\n');
        }
        throw new IOException("a process ended: " + passed);
    }

    @Override
    public void close() throws Exception {
        for (Process process : processes) {
            try {
                process.getOutputStream().close();
            } catch (IOException ended) { // as is wanted
            }
        }
        for (Process process : processes) {
            if (!process.waitFor(1, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
        }
    }

    static String generation(Random random) {
        return String.format(Locale.ROOT, "%016x", random.nextLong());
    }
}
