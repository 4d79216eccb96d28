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

/** Takes the {@link KtstrLock}s of a class or method for its context. */
final class NamedLocks {
    private final AnnotatedElement element;
    private final TestScope scope;

    NamedLocks(AnnotatedElement element, TestScope scope) {
        this.element = element;
        this.scope = scope;
    }

    /** Refuses what cannot be taken, before any is. */
    static void check(AnnotatedElement element) {
        for (KtstrLock lock : in(element)) {
            Declarations.duration(lock.timeout(), KtstrLock.class, element);
            try {
                HostLocks.requireName(lock.name());
            } catch (IllegalArgumentException noName) {
                throw Mistake.in(
                        KtstrLock.class,
                        element,
                        "its name: " + noName.getMessage(),
                        "take a plain one, such as \"loop-devices\"");
            }
        }
    }

    /** In order of name, so that no two that wait have what the other waits for; of one name, the exclusive. */
    private static List<KtstrLock> in(AnnotatedElement element) {
        return Annotations.locks(element).stream()
                .sorted(Comparator.comparing(KtstrLock::name).thenComparing(KtstrLock::mode, Comparator.reverseOrder()))
                .toList();
    }

    /** Takes what is not held yet, for this or what is around it. */
    void take() throws IOException {
        List<KtstrLock> locks = in(element);
        locks.forEach(this::refuseUpgrade);
        for (KtstrLock lock : locks) {
            if (scope.holds(lock.name()).isEmpty()) {
                take(lock);
            }
        }
    }

    private void refuseUpgrade(KtstrLock lock) {
        if (scope.holds(lock.name()).filter(FlockMode.SHARED::equals).isPresent()
                && lock.mode() == FlockMode.EXCLUSIVE) {
            throw Mistake.in(
                    KtstrLock.class,
                    element,
                    "\"" + lock.name() + "\" is wanted exclusive, and is held shared for what is around this: a"
                            + " shared lock cannot be turned into an exclusive one",
                    "give both the same mode");
        }
    }

    private void take(KtstrLock lock) throws IOException {
        Flock flock = HostLocks.of(scope.host().environment())
                .named(lock.name(), scope.host().environment(), EventSink.logging())
                .forTest(scope.test());
        LockGuard guard = flock.acquire(lock.mode(), Declarations.duration(lock.timeout(), KtstrLock.class, element));
        scope.hold(lock.name(), guard);
    }
}
