package dev.ktstr.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Annotations of classes, methods, fields and parameters, looked for once: JUnit looks through inherited and composed ones anew
 * each time, which took half of what we add to a test.
 */
final class Annotations {
    private static final Map<AnnotatedElement, Map<Class<?>, Optional<? extends Annotation>>> FOUND =
            Collections.synchronizedMap(new WeakHashMap<>());

    private static final Map<AnnotatedElement, List<KtstrLock>> LOCKS =
            Collections.synchronizedMap(new WeakHashMap<>());

    private Annotations() {}

    /** As {@link AnnotationSupport#findAnnotation(AnnotatedElement, Class)}. */
    static <A extends Annotation> Optional<A> find(AnnotatedElement element, Class<A> type) {
        return FOUND.computeIfAbsent(element, first -> new ConcurrentHashMap<>())
                .computeIfAbsent(type, first -> AnnotationSupport.findAnnotation(element, type))
                .map(type::cast);
    }

    /** As {@link AnnotationSupport#findRepeatableAnnotations(AnnotatedElement, Class)}. */
    static List<KtstrLock> locks(AnnotatedElement element) {
        return LOCKS.computeIfAbsent(
                element, first -> AnnotationSupport.findRepeatableAnnotations(element, KtstrLock.class));
    }

    static boolean isOn(AnnotatedElement element, Class<? extends Annotation> type) {
        return find(element, type).isPresent();
    }
}
