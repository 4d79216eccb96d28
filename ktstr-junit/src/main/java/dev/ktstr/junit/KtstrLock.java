package dev.ktstr.junit;

import dev.ktstr.lock.FlockMode;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * A resource lock across processes: {@code flock(2)} on {@code ktstr-lock-<name>.lock} in {@code KTSTR_LOCK_DIR}, else
 * {@code /tmp}, held while the class, or the method with its {@code @BeforeEach} and {@code @AfterEach}, runs. Several are
 * taken in order of name. A method whose class holds the lock already does not take it again.
 *
 * <p>It is a JUnit {@link ResourceLock} as well, so that classes and methods of one JVM wait for each other before they
 * start, and the timeout is for other processes only. As with any of these, tests of a class that holds it exclusive run one
 * after the other.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Repeatable(KtstrLock.Several.class)
@ExtendWith(KtstrExtension.class)
@ResourceLock(providers = ClassLocks.class)
public @interface KtstrLock {
    /** 1 to 100 letters, digits, dots, underscores and hyphens. */
    String name();

    FlockMode mode() default FlockMode.EXCLUSIVE;

    /** How long to wait for it, such as {@code 90s} or {@code 10m}. */
    String timeout() default "60s";

    /** What the compiler puts several into. */
    @Documented
    @Inherited
    @Retention(RetentionPolicy.RUNTIME)
    @Target({ElementType.TYPE, ElementType.METHOD})
    @ExtendWith(KtstrExtension.class)
    @ResourceLock(providers = ClassLocks.class)
    @interface Several {
        KtstrLock[] value();
    }
}
