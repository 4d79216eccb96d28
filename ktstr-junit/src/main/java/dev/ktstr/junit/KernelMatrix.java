package dev.ktstr.junit;

import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** The kernels that a {@link KtstrKernels} means. */
final class KernelMatrix {
    private static final List<Class<? extends Annotation>> KINDS_OF_TESTS =
            List.of(Test.class, TestTemplate.class, TestFactory.class);

    private final KtstrKernels annotation;
    private final Host host;

    KernelMatrix(KtstrKernels annotation, Host host) {
        this.annotation = annotation;
        this.host = host;
    }

    static Optional<KtstrKernels> on(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getElement(), KtstrKernels.class);
    }

    /** The runs of the class or method of a context. */
    static Stream<KernelRun> runs(ExtensionContext context) {
        AnnotatedElement element = context.getElement().orElseThrow();
        refuseCompanions(element);
        try {
            return new KernelMatrix(on(context).orElseThrow(), Host.of(context)).runs(Mistake.place(element)).stream();
        } catch (IOException failed) {
            throw new ExtensionConfigurationException(String.valueOf(failed.getMessage()), failed);
        }
    }

    /** Refuses a second annotation that makes a test of the method, or says which kernel it is to have. */
    static void refuseCompanions(AnnotatedElement element) {
        if (!AnnotationSupport.isAnnotated(element, KtstrKernels.class)) {
            return;
        }
        if (AnnotationSupport.isAnnotated(element, KtstrKernel.class)) {
            throw Mistake.in(
                    KtstrKernels.class,
                    element,
                    "@KtstrKernel is there, too, and they contradict each other",
                    "keep one of them");
        }
        Arrays.stream(element.getAnnotations())
                .map(Annotation::annotationType)
                .filter(KernelMatrix::makesATest)
                .findFirst()
                .ifPresent(other -> {
                    throw Mistake.in(
                            KtstrKernels.class,
                            element,
                            "the method has @" + other.getSimpleName() + ", too, and each makes a test of its own",
                            other == Test.class
                                    ? "remove @Test: @KtstrKernels on a method stands in its place"
                                    : "put @KtstrKernels on the class");
                });
    }

    private static boolean makesATest(Class<? extends Annotation> type) {
        return type != KtstrKernels.class
                && !AnnotationSupport.isAnnotated(type, KtstrKernels.class)
                && KINDS_OF_TESTS.stream().anyMatch(kind -> type == kind || AnnotationSupport.isAnnotated(type, kind));
    }

    /**
     * One for each kernel, and for each selector that nothing matches.
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
        return annotation.onMissing() == OnMissing.DEFAULT ? host.settings().onMissing() : annotation.onMissing();
    }

    private List<KernelRun> runs() throws IOException {
        List<String> wanted = List.of(annotation.value());
        if (wanted.isEmpty()) {
            wanted = host.settings().kernels();
        }
        Map<String, KernelEntry> entries = new LinkedHashMap<>();
        List<KernelRun> missing = new ArrayList<>();
        for (String each : wanted) {
            List<KernelEntry> found = entries(KernelSelector.parse(each));
            found.forEach(entry -> entries.putIfAbsent(entry.key(), entry));
            if (found.isEmpty()) {
                missing.add(new KernelRun(each, each + " (not stored)", false, annotation.onMissing()));
            }
        }
        if (wanted.isEmpty()) {
            ofThisMachine().forEach(entry -> entries.put(entry.key(), entry));
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
        return selector.toString().contains("..") ? all : all.stream().limit(1).toList();
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
