package dev.ktstr.junit;

import dev.ktstr.lock.FlockMode;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLocksProvider;

/**
 * The {@link KtstrLock}s of a class or method as JUnit's own. Without that a worker thread that waits for the tests of one class
 * could be given another class to run, and wait there for the lock that it holds itself.
 */
final class ClassLocks implements ResourceLocksProvider {
    @Override
    public Set<Lock> provideForClass(Class<?> testClass) {
        return locks(testClass);
    }

    @Override
    public Set<Lock> provideForMethod(List<Class<?>> enclosingInstanceTypes, Class<?> testClass, Method testMethod) {
        return locks(testMethod);
    }

    private static Set<Lock> locks(AnnotatedElement element) {
        return Annotations.locks(element).stream()
                .map(lock -> new Lock("dev.ktstr.lock." + lock.name(), mode(lock)))
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Set<Lock> provideForNestedClass(List<Class<?>> enclosingInstanceTypes, Class<?> testClass) {
        return provideForClass(testClass);
    }

    private static ResourceAccessMode mode(KtstrLock lock) {
        return lock.mode() == FlockMode.SHARED ? ResourceAccessMode.READ : ResourceAccessMode.READ_WRITE;
    }
}
