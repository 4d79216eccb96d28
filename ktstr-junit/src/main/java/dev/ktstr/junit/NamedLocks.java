package dev.ktstr.junit;

import dev.ktstr.event.EventSink;
import dev.ktstr.lock.Flock;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.HostLocks;
import dev.ktstr.lock.LockGuard;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.platform.commons.support.AnnotationSupport;

/** Takes the {@link KtstrLock}s of a class or method for its context. */
final class NamedLocks {
    private final AnnotatedElement element;
    private final TestScope scope;

    NamedLocks(AnnotatedElement element, TestScope scope) {
        this.element = element;
        this.scope = scope;
    }

    /** In order of name, so that no two that wait have what the other waits for; of one name, the exclusive. */
    void take() throws IOException {
        List<KtstrLock> locks = AnnotationSupport.findRepeatableAnnotations(element, KtstrLock.class).stream()
                .sorted(Comparator.comparing(KtstrLock::name).thenComparing(KtstrLock::mode, Comparator.reverseOrder()))
                .toList();
        for (KtstrLock lock : locks) {
            Optional<FlockMode> held = scope.holds(lock.name());
            if (held.isEmpty()) {
                take(lock);
            } else if (held.get() == FlockMode.SHARED && lock.mode() == FlockMode.EXCLUSIVE) {
                throw Mistake.in(
                        KtstrLock.class,
                        element,
                        "\"" + lock.name() + "\" is wanted exclusive, and is held shared for what is around this: a"
                                + " shared lock cannot be turned into an exclusive one",
                        "give both the same mode");
            }
        }
    }

    private void take(KtstrLock lock) throws IOException {
        Flock flock;
        try {
            flock = HostLocks.of(scope.host().environment())
                    .named(lock.name(), scope.host().environment(), EventSink.logging())
                    .forTest(scope.test());
        } catch (IllegalArgumentException noName) {
            throw Mistake.in(
                    KtstrLock.class,
                    element,
                    "its name: " + noName.getMessage(),
                    "take a plain one, such as \"loop-devices\"");
        }
        LockGuard guard = flock.acquire(lock.mode(), Declarations.duration(lock.timeout(), KtstrLock.class, element));
        scope.hold(lock.name(), guard);
    }
}
