package dev.ktstr.junit;

import dev.ktstr.Environment;
import dev.ktstr.disk.DiskSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestInstances;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What an extension object was built with.
 *
 * @param isExplicit whether somebody built it, rather than JUnit for an annotation
 */
record Configuration(
        boolean isExplicit,
        @Nullable String kernelSelector,
        OnMissing onMissing,
        @Nullable DiskSpec diskSpec,
        @Nullable Path directory,
        Path preparedSettings,
        Environment environment) {

    static Configuration ofAnnotations() {
        return new Configuration(false, null, OnMissing.DEFAULT, null, null, Settings.PREPARED, Environment.system());
    }

    /** That of the nearest extension object that was built, outwards. */
    static Configuration in(ExtensionContext context) {
        return Stored.nearest(context, Configuration.class).orElseGet(Configuration::ofAnnotations);
    }

    /** Makes this that of a context, unless it is that already, or of one around it, within which there may be another. */
    void announce(ExtensionContext context) {
        if (Stored.outwards(context)
                .flatMap(each -> Stored.in(each, Configuration.class).stream())
                .noneMatch(this::equals)) {
            Stored.put(context, Configuration.class, this);
        }
    }

    /**
     * Announces those of the extension objects in fields of the context's class, or of its instances: JUnit may call another
     * object first, and what depends on the host must not be decided without them.
     */
    static void announceFields(ExtensionContext context) {
        boolean hasInstances = context.getTestInstances().isPresent();
        if (Stored.in(context, Announced.class)
                .filter(before -> before.withInstances() == hasInstances)
                .isPresent()) {
            return;
        }
        context.getElement()
                .filter(Class.class::isInstance)
                .flatMap(type -> inStaticFields((Class<?>) type))
                .ifPresent(built -> built.announceNearest(context));
        context.getTestInstances()
                .map(TestInstances::getAllInstances)
                .flatMap(Configuration::ofInnermost)
                .ifPresent(built -> built.announceNearest(context));
        Stored.put(context, Announced.class, new Announced(hasInstances));
    }

    /** What {@link #announceFields} has looked at. */
    private record Announced(boolean withInstances) {}

    private static Optional<Configuration> ofInnermost(List<Object> instances) {
        for (int i = instances.size() - 1; i >= 0; i--) {
            List<KtstrExtension> found = AnnotationSupport.findAnnotatedFieldValues(
                    instances.get(i), RegisterExtension.class, KtstrExtension.class);
            if (!found.isEmpty()) {
                return last(found);
            }
            if (inStaticFields(instances.get(i).getClass()).isPresent()) {
                return Optional.empty(); // that is nearer than what is around it, and announced for its class
            }
        }
        return Optional.empty();
    }

    private static Optional<Configuration> inStaticFields(Class<?> testClass) {
        return last(
                AnnotationSupport.findAnnotatedFieldValues(testClass, RegisterExtension.class, KtstrExtension.class));
    }

    /** That of the subclass, after those of its superclasses. */
    private static Optional<Configuration> last(List<KtstrExtension> extensions) {
        return extensions.stream()
                .map(KtstrExtension::configuration)
                .filter(Configuration::isExplicit)
                .reduce((outer, inner) -> inner);
    }

    private void announceNearest(ExtensionContext context) {
        if (!in(context).equals(this)) {
            Stored.put(context, Configuration.class, this);
        }
    }

    /** What decides which stores are used. */
    List<Object> host() {
        return List.of(environment, preparedSettings, cacheDirectory());
    }

    boolean runsOnLinux() {
        return environment.operatingSystem().equals("Linux");
    }

    Optional<String> kernel() {
        return Optional.ofNullable(kernelSelector);
    }

    Optional<DiskSpec> disk() {
        return Optional.ofNullable(diskSpec);
    }

    Optional<Path> cacheDirectory() {
        return Optional.ofNullable(directory);
    }
}
