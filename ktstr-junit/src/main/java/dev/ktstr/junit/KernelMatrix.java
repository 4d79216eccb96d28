package dev.ktstr.junit;

import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.ClassTemplate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The kernels that a {@link KtstrKernels} means. */
final class KernelMatrix {
    private static final List<Class<? extends Annotation>> KINDS_OF_TESTS =
            List.of(Test.class, TestTemplate.class, TestFactory.class, ClassTemplate.class);

    private final KtstrKernels annotation;
    private final Configuration configuration;
    private final Host host;

    private KernelMatrix(KtstrKernels annotation, Configuration configuration, Host host) {
        this.annotation = annotation;
        this.configuration = configuration;
        this.host = host;
    }

    /** That of the class or method of a context, which has one. */
    static KernelMatrix in(ExtensionContext context) throws IOException {
        return new KernelMatrix(on(context).orElseThrow(), Configuration.in(context), Host.of(context));
    }

    static Optional<KtstrKernels> on(ExtensionContext context) {
        return context.getElement().flatMap(element -> Annotations.find(element, KtstrKernels.class));
    }

    /** The runs of the class or method of a context. */
    static Stream<KernelRun> runs(ExtensionContext context) {
        AnnotatedElement element = context.getElement().orElseThrow();
        refuseCompanions(element);
        Declarations.checkSelectors(element);
        try {
            return in(context).runs(Mistake.place(element)).stream();
        } catch (IOException failed) {
            throw new ExtensionConfigurationException(String.valueOf(failed.getMessage()), failed);
        }
    }

    /** Refuses a second annotation that makes a test of the method, or says which kernel it is to have. */
    static void refuseCompanions(AnnotatedElement element) {
        if (!Annotations.isOn(element, KtstrKernels.class)) {
            return;
        }
        if (Annotations.isOn(element, KtstrKernel.class)) {
            throw Mistake.in(
                    KtstrKernels.class,
                    element,
                    "@KtstrKernel is there, too, and they contradict each other",
                    "keep one of them");
        }
        companion(element, new HashSet<>()).ifPresent(other -> {
            throw element instanceof Class<?>
                    ? Mistake.in(
                            KtstrKernels.class,
                            element,
                            "the class has @" + other.getSimpleName() + ", too, and each makes runs of its own",
                            "keep one of them, or put the other on a nested class")
                    : Mistake.in(
                            KtstrKernels.class,
                            element,
                            "the method has @" + other.getSimpleName() + ", too, and each makes a test of its own",
                            other == Test.class
                                    ? "remove @Test: @KtstrKernels on a method stands in its place"
                                    : "put @KtstrKernels on the class");
        });
    }

    /** The annotation that makes a test as well, also if another one brings it along. */
    private static Optional<Class<? extends Annotation>> companion(AnnotatedElement element, Set<Class<?>> seen) {
        for (Annotation each : element.getAnnotations()) {
            Class<? extends Annotation> type = each.annotationType();
            if (type == KtstrKernels.class || !seen.add(type)) {
                continue;
            }
            if (KINDS_OF_TESTS.stream().anyMatch(kind -> type == kind || type.isAnnotationPresent(kind))) {
                return Optional.of(type);
            }
            Optional<Class<? extends Annotation>> within = companion(type, seen);
            if (within.isPresent()) {
                return within;
            }
        }
        return Optional.empty();
    }

    /**
     * One for each kernel, and for each selector that nothing matches. Where every kernel is wanted, one that is damaged has
     * a run, too, which fails: it must not be passed over because it cannot be read.
     *
     * @param place what is to run
     * @throws KtstrException if every kernel is wanted, and there is none
     */
    private List<KernelRun> runs(String place) throws IOException {
        List<KernelRun> runs = runs();
        if (runs.isEmpty()) {
            throw Missing.unlessAborted(Missing.everyKernel("running " + place, host), policy());
        }
        return runs;
    }

    /** Why there is nothing to run, if no kernel is there and that disables tests. */
    Optional<String> reasonToDisable() throws IOException {
        return policy() == OnMissing.DISABLE && runs().stream().noneMatch(KernelRun::isStored)
                ? Optional.of(
                        "none of the kernels is stored in " + host.kernels().root())
                : Optional.empty();
    }

    private OnMissing policy() throws KtstrException {
        return Missing.policy(annotation.onMissing(), configuration, host);
    }

    private List<KernelRun> runs() throws IOException {
        List<String> wanted = List.of(annotation.value());
        if (wanted.isEmpty()) {
            wanted = host.settings().kernels();
        }
        Map<String, KernelEntry> entries = new LinkedHashMap<>();
        List<KernelRun> missing = new ArrayList<>();
        for (String each : wanted) {
            KernelSelector selector = KernelSelector.parse(each);
            List<KernelEntry> found = entries(selector);
            if (selector.isRange()) {
                warnOfDamaged(each);
            }
            found.forEach(entry -> entries.putIfAbsent(entry.key(), entry));
            if (found.isEmpty()) {
                boolean isDamaged = Missing.isDamaged(each, host);
                String name = each + (isDamaged ? " (damaged)" : " (not stored)");
                missing.add(new KernelRun(each, name, isDamaged, annotation.onMissing()));
            }
        }
        if (wanted.isEmpty()) {
            ofThisMachine().forEach(entry -> entries.put(entry.key(), entry));
            Missing.damaged(host)
                    .map(corrupt ->
                            new KernelRun(corrupt.key(), corrupt.key() + " (damaged)", true, annotation.onMissing()))
                    .forEach(missing::add);
        }
        return Stream.concat(
                        entries.values().stream()
                                .map(entry ->
                                        new KernelRun(entry.key(), name(entry, entries), true, annotation.onMissing())),
                        missing.stream())
                .toList();
    }

    private List<KernelEntry> entries(KernelSelector selector) throws IOException {
        List<KernelEntry> all = host.kernels().findAll(selector);
        return selector.isRange() ? all : all.stream().limit(1).toList();
    }

    private void warnOfDamaged(String range) throws IOException {
        Missing.damaged(host)
                .filter(corrupt -> host.environment().firstTime("damaged in " + range + ": " + corrupt.directory()))
                .forEach(corrupt -> EventSink.logging()
                        .accept(new KtstrEvent.Warning("running with the kernels in " + range + " without "
                                + corrupt.key() + ", whose version cannot be told: " + corrupt.reason())));
    }

    private Stream<KernelEntry> ofThisMachine() throws IOException {
        return host.kernels().list().stream()
                .flatMap(entry -> entry.fold(Stream::of, corrupt -> Stream.<KernelEntry>empty()))
                .filter(entry -> entry.metadata().arch().equals(Machine.arch()));
    }

    /** The version, where that tells it from the others. */
    private static String name(KernelEntry entry, Map<String, KernelEntry> entries) {
        String version = entry.metadata().version();
        boolean isUnique = entries.values().stream()
                        .filter(other ->
                                String.valueOf(other.metadata().version()).equals(version))
                        .count()
                == 1;
        return version == null || !isUnique ? entry.key() : version;
    }
}
