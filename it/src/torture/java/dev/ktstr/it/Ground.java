package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelSource;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.ListedTemplate;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.EventSink;
import dev.ktstr.publish.CleanReport;
import dev.ktstr.publish.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A store of kernels and one of templates, whose state before an operation is known, and what must be true of them after it.
 *
 * @param directory for this alone
 * @param inputs where the kernels are that are stored
 */
record Ground(Path directory, Path inputs) {
    private static final String KEY = "k";
    private static final String BYSTANDER = "b";
    private static final String DEBRIS = ".tmp-gone-4711.0badcafe";
    private static final String TEMPLATE_DEBRIS = "template.img.in-flight.ext4-16m-0123456789abcdef.4711-0badcafe";
    private static final String NONE = "none";
    private static final String OLD = "0".repeat(MarkedKernel.DIGITS);
    private static final String NEW = "1".repeat(MarkedKernel.DIGITS);
    private static final String NEXT = "2".repeat(MarkedKernel.DIGITS);
    /** Of an entry that is removed file by file, until the next store or clean; {@code lookup} does not find it. */
    private static final String REMAINDER = "metadata.json missing";

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** All that was stored then is listed, and so removed, always in the same order. */
    private static final Environment ONE_MOMENT =
            Environment.system().withClocks(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), System::nanoTime);

    /** Makes the inputs, and both stores empty. */
    static Ground make(Path directory, Path inputs) throws IOException, InterruptedException {
        MarkedKernel kernel = MarkedKernel.make(Files.createDirectories(inputs));
        for (String generation : List.of(OLD, NEW, NEXT)) {
            kernel.request(generation, Files.createDirectory(inputs.resolve(generation)));
        }
        Ground ground = new Ground(directory, inputs);
        Files.createDirectories(ground.store());
        return ground;
    }

    /** Where everything is that operations touch. */
    Path store() {
        return directory.resolve("store");
    }

    private Path kernelRoot() {
        return store().resolve("kernels");
    }

    private Path templateRoot() {
        return store().resolve("templates");
    }

    private Path kept() {
        return store().resolve("kept.img");
    }

    private KernelCache kernels(EventSink events) {
        return KernelCache.at(kernelRoot()).withEvents(events);
    }

    private DiskTemplates templates(EventSink events) {
        return DiskTemplates.at(templateRoot()).withEvents(events);
    }

    private static DiskSpec disk() throws KtstrException {
        return DiskSpec.builder().size("16M").build();
    }

    private StoreRequest request(String key, String generation, boolean replace) throws KtstrException {
        Path files = inputs.resolve(generation);
        return StoreRequest.builder()
                .key(key)
                .image(files.resolve("marked-vmlinuz"))
                .vmlinux(files.resolve("marked-vmlinux"))
                .source(new KernelSource.Local(null, generation))
                .replace(replace)
                .lockTimeout(PATIENCE)
                .build();
    }

    /** Makes everything as it has to be before an operation. */
    void prepare(Operation operation) throws IOException {
        if (operation.isOfTemplates()) {
            prepareTemplates(operation);
            return;
        }
        if (operation == Operation.PUBLISH_FIRST) {
            FileTrees.delete(kernelRoot());
            return;
        }
        KernelCache cache = KernelCache.at(kernelRoot(), ONE_MOMENT).withEvents(event -> {});
        storeIfOther(cache, BYSTANDER, OLD);
        switch (operation) {
            case PUBLISH -> {
                if (!state(cache, KEY).equals(NONE)) {
                    cache.clean(removal());
                }
            }
            case RECHECK -> storeIfOther(cache, KEY, NEW);
            default -> storeIfOther(cache, KEY, OLD);
        }
        if (operation == Operation.SWEEP || operation == Operation.CLEAN) {
            Path debris = Files.createDirectories(kernelRoot().resolve(DEBRIS));
            Files.writeString(debris.resolve("bzImage"), "half of it");
            Files.createDirectories(debris.resolve("modules/tree"));
        }
    }

    private static CleanPolicy removal() throws KtstrException {
        return CleanPolicy.builder().key(KEY).build();
    }

    private void storeIfOther(KernelCache cache, String key, String generation) throws IOException {
        if (!state(cache, key).equals(generation)) {
            cache.store(request(key, generation, true));
        }
    }

    private void prepareTemplates(Operation operation) throws IOException {
        DiskTemplates templates = templates(event -> {});
        Files.deleteIfExists(kept());
        if (operation == Operation.TEMPLATE) {
            templates.clean(false);
        } else {
            templates.ensure(disk());
        }
        if (operation == Operation.TEMPLATE_CLEAN) {
            Files.writeString(templateRoot().resolve(TEMPLATE_DEBRIS), "half of it");
        }
    }

    /**
     * Does it.
     *
     * @param told takes what it says besides
     * @return what came of it
     */
    String act(Operation operation, Consumer<String> told) throws IOException {
        EventSink events = event -> {
            if (event.isWarning()) {
                told.accept("warning " + event.message());
            }
        };
        KernelCache cache = kernels(events);
        DiskTemplates templates = templates(events);
        return switch (operation) {
            case PUBLISH_FIRST, PUBLISH, REPLACE, REPLACE_IN_PLACE, RECHECK -> {
                StoreResult result = cache.store(request(KEY, NEW, false));
                yield String.valueOf(result.outcome());
            }
            case REMOVE, REMOVE_IN_PLACE -> tell(cache.clean(removal()), told);
            case CLEAN -> tell(cache.clean(CleanPolicy.builder().all(true).build()), told);
            case SWEEP ->
                tell(cache.clean(CleanPolicy.builder().corruptOnly(true).build()), told);
            case TEMPLATE -> templates.ensure(disk()).key();
            case TEMPLATE_CLEAN -> tell(templates.clean(false), told);
            case CLONE -> {
                try (TestDisk disk = templates.newDisk(disk())) {
                    disk.keepAs(kept());
                    yield String.valueOf(disk.cloneKind());
                }
            }
        };
    }

    private static String tell(CleanReport report, Consumer<String> told) {
        report.removed().forEach(each -> told.accept("removed " + each.key()));
        report.skipped().forEach(each -> told.accept("skipped " + each.key() + " " + each.why()));
        report.failed().forEach(each -> told.accept("failed " + each.key() + " " + each.why()));
        return "swept " + report.swept();
    }

    /**
     * Which promises are broken after an operation, and after everything that comes next.
     *
     * @param isSwapped whether what was injected came after the swap
     */
    List<String> broken(Operation operation, Outcome outcome, boolean isSwapped)
            throws IOException, InterruptedException {
        List<String> broken = new ArrayList<>();
        if (operation.isOfTemplates()) {
            examineTemplates(operation, outcome, isSwapped, broken);
            examineDebris(templateRoot(), outcome, broken);
        } else {
            examineKernels(operation, outcome, isSwapped, broken);
            examineDebris(kernelRoot(), outcome, broken);
        }
        if (!examineLocks(broken)) {
            return broken; // whatever is next would wait for it
        }
        try {
            if (operation.isOfTemplates()) {
                goOnWithTemplates(broken);
            } else {
                goOnWithKernels(operation, broken);
            }
        } catch (KtstrException | NoSuchFileException failed) {
            broken.add("what comes next fails: " + failed);
        }
        examineLocks(broken);
        return broken;
    }

    private void examineKernels(Operation operation, Outcome outcome, boolean isSwapped, List<String> broken)
            throws IOException {
        KernelCache cache = kernels(event -> {});
        for (ListedEntry entry : cache.list()) {
            if (!(entry instanceof ListedEntry.Valid) && !operation.isInPlace()) {
                broken.add("corrupt: " + entry);
            }
        }
        expect(broken, KEY, state(cache, KEY), allowed(operation, KEY, outcome, isSwapped));
        if (operation != Operation.PUBLISH_FIRST) {
            expect(broken, BYSTANDER, state(cache, BYSTANDER), allowed(operation, BYSTANDER, outcome, isSwapped));
        }
    }

    private static void expect(List<String> broken, String key, String state, Set<String> allowed) {
        if (!allowed.contains(state)) {
            broken.add("entry " + key + " is " + state + " instead of " + allowed);
        }
    }

    /** The generations that an entry may be of. */
    private static Set<String> allowed(Operation operation, String key, Outcome outcome, boolean isSwapped) {
        boolean isDone = outcome.end() == Outcome.End.DONE;
        boolean isUnsure = outcome.end() == Outcome.End.KILLED || isSwapped;
        boolean isOther = key.equals(BYSTANDER);
        return switch (operation) {
            case PUBLISH_FIRST, PUBLISH ->
                isOther ? Set.of(OLD) : isDone ? Set.of(NEW) : isUnsure ? Set.of(NONE, NEW) : Set.of(NONE);
            case REPLACE_IN_PLACE -> isOther ? Set.of(OLD) : isDone ? Set.of(NEW) : Set.of(OLD, NEW, NONE, REMAINDER);
            case REMOVE_IN_PLACE ->
                isOther ? Set.of(OLD) : outcome.hasTold("removed " + key) ? Set.of(NONE) : Set.of(OLD, NONE, REMAINDER);
            case REPLACE -> isOther ? Set.of(OLD) : isDone ? Set.of(NEW) : isUnsure ? Set.of(OLD, NEW) : Set.of(OLD);
            case RECHECK -> isOther ? Set.of(OLD) : Set.of(NEW);
            case REMOVE -> isOther ? Set.of(OLD) : allowedAfterClean(key, outcome, isUnsure);
            case CLEAN -> allowedAfterClean(key, outcome, isUnsure);
            default -> Set.of(OLD);
        };
    }

    private static Set<String> allowedAfterClean(String key, Outcome outcome, boolean isUnsure) {
        if (outcome.hasTold("removed " + key)) {
            return Set.of(NONE);
        }
        return isUnsure && outcome.end() != Outcome.End.DONE ? Set.of(OLD, NONE) : Set.of(OLD);
    }

    private void examineTemplates(Operation operation, Outcome outcome, boolean isSwapped, List<String> broken)
            throws IOException, InterruptedException {
        List<ListedTemplate> listed = templates(event -> {}).list();
        for (ListedTemplate template : listed) {
            Path image = template.directory().resolve("template.img");
            template.problem().ifPresent(problem -> broken.add(template.key() + ": " + problem));
            examineImage(image, broken);
        }
        boolean isThere = !listed.isEmpty();
        boolean isDone = outcome.end() == Outcome.End.DONE;
        boolean isUnsure = outcome.end() == Outcome.End.KILLED || isSwapped;
        boolean isExpected = switch (operation) {
            case TEMPLATE -> isDone || (isUnsure && isThere);
            case TEMPLATE_CLEAN -> !outcome.hasTold("removed ") && !(isUnsure && !isDone && !isThere);
            default -> true;
        };
        if (isThere != isExpected) {
            broken.add("the template is " + (isThere ? "there" : "not there"));
        }
        if (Files.exists(kept()) && isThere) {
            if (Files.mismatch(kept(), listed.get(0).directory().resolve("template.img")) >= 0) {
                broken.add("the kept disk is not what its template is");
            }
        } else if (operation == Operation.CLONE && isDone) {
            broken.add("there is no kept disk");
        }
    }

    private static void examineImage(Path image, List<String> broken) throws IOException, InterruptedException {
        Process check = Commands.start(List.of("e2fsck", "-f", "-n", image.toString()));
        String said = Commands.finish(check);
        if (check.exitValue() != 0) {
            broken.add(image + " is no whole file system: " + said);
        }
    }

    /** What an operation leaves behind that was not killed it says. */
    private static void examineDebris(Path root, Outcome outcome, List<String> broken) throws IOException {
        List<String> debris = new ArrayList<>(debris(root));
        if (outcome.end() == Outcome.End.REFUSED) {
            debris.removeAll(List.of(DEBRIS, TEMPLATE_DEBRIS)); // it has not come to that
        }
        if (outcome.end() != Outcome.End.KILLED && !debris.isEmpty() && !outcome.hasTold("warning")) {
            broken.add("left without a word: " + debris);
        }
    }

    private void goOnWithKernels(Operation operation, List<String> broken) throws IOException {
        KernelCache cache = kernels(event -> {});
        cache.store(request(KEY, NEXT, true));
        expect(broken, KEY + " of the next store", state(cache, KEY), Set.of(NEXT));
        cache.clean(CleanPolicy.builder().corruptOnly(true).build());
        if (!debris(kernelRoot()).isEmpty()) {
            broken.add("debris after a sweep: " + debris(kernelRoot()));
        }
        CleanReport report = cache.clean(removal());
        if (report.removed().size() != 1) {
            broken.add("the next clean removed nothing: " + report);
        }
        if (operation == Operation.PUBLISH_FIRST && !cache.list().isEmpty()) {
            broken.add("not empty after a clean: " + cache.list());
        }
        examineRecords(kernelRoot(), broken);
    }

    private void goOnWithTemplates(List<String> broken) throws IOException, InterruptedException {
        DiskTemplates templates = templates(event -> {});
        try (TestDisk disk = templates.newDisk(disk())) {
            examineImage(disk.path(), broken);
        }
        templates.clean(false);
        if (!debris(templateRoot()).isEmpty() || !templates.list().isEmpty()) {
            broken.add("debris after a clean: " + debris(templateRoot()) + templates.list());
        }
        templates.ensure(disk());
        examineRecords(templateRoot(), broken);
    }

    /** The generation of an entry, all of whose files are as they were stored; else what is wrong with it. */
    private static String state(KernelCache cache, String key) throws IOException {
        if (!Files.exists(cache.root().resolve(key))) {
            return NONE;
        }
        try {
            List<String> problems = cache.verify(key).problems();
            return problems.isEmpty()
                    ? MarkedKernel.generation(cache.lookup(key).orElseThrow())
                    : String.join(", ", problems);
        } catch (MarkedKernel.TornException | KtstrException wrong) {
            return wrong.toString();
        }
    }

    /** Everything in a root that is no entry and no lock. */
    private static List<String> debris(Path root) throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(root)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(KEY) && !name.equals(BYSTANDER) && !name.equals(".locks"))
                    .filter(name -> !name.matches("ext4-16m-[0-9a-f]{16}"))
                    .sorted()
                    .toList();
        }
    }

    /** The lock has been taken exclusive since: so what holders have left is gone, but for what was never finished. */
    private static void examineRecords(Path root, List<String> broken) throws IOException {
        Path holders = root.resolve(".locks/holders");
        if (!Files.exists(holders)) {
            return;
        }
        try (Stream<Path> all = Files.walk(holders)) {
            List<Path> left = all.filter(Files::isRegularFile)
                    .filter(record -> !record.getFileName().toString().startsWith("."))
                    .filter(record -> !record.startsWith(holders.resolve(BYSTANDER + ".lock")))
                    .toList();
            if (!left.isEmpty()) {
                broken.add("records of holders that are gone: " + left);
            }
        }
    }

    /** Whether they are free. */
    private boolean examineLocks(List<String> broken) throws IOException, InterruptedException {
        Set<String> locks = new TreeSet<>();
        for (Path root : List.of(kernelRoot(), templateRoot())) {
            if (Files.exists(root.resolve(".locks"))) {
                try (Stream<Path> all = Files.list(root.resolve(".locks"))) {
                    all.map(Path::toString)
                            .filter(name -> name.endsWith(".lock"))
                            .forEach(locks::add);
                }
            }
        }
        List<String> command = new ArrayList<>(
                List.of("sh", "-c", "for each; do flock --nonblock \"$each\" true || echo \"$each\"; done", "sh"));
        command.addAll(locks);
        String held = Commands.run(command.toArray(String[]::new));
        if (!held.isEmpty()) {
            broken.add("held still: " + held.strip());
        }
        return held.isEmpty();
    }
}
