package dev.ktstr.junit;

import dev.ktstr.disk.CloneMode;
import dev.ktstr.disk.Filesystem;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A disk of one's own, on a parameter or field of type {@link dev.ktstr.disk.TestDisk}. It is cloned from a template that
 * is formatted once, and gone when the test has ended, however it ends; kept only if {@code ktstr.keepDisks} says so.
 *
 * <p>Every invocation of a test method has its own, and so does every parameter; a static field, and a parameter of
 * {@code @BeforeAll}, has one for the class. The second disk of one kind in a test comes from another variant of the
 * template, with a UUID of its own, so that one guest can mount both.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER, ElementType.FIELD, ElementType.ANNOTATION_TYPE})
@ExtendWith(KtstrExtension.class)
public @interface KtstrDisk {
    Filesystem filesystem() default Filesystem.EXT4;

    /** As people write it: {@code 256M}, {@code 1GiB}. Holes cost nothing. */
    String size() default "512M";

    /** The file system's label; none if empty. */
    String label() default "";

    /** Whether a copy will do where blocks cannot be shared. */
    CloneMode cloneMode() default CloneMode.AUTO;
}
