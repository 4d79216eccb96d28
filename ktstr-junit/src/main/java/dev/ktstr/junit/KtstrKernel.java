package dev.ktstr.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A stored kernel, held under a shared lock while the class, or the method, runs: until then ktstr neither replaces nor
 * removes it, in whichever process. Nested classes use that of the class around them, subclasses that of their superclass;
 * the nearest annotation decides.
 *
 * <p>On a field of type {@code KernelEntry}, {@code KernelLease}, {@code KernelCache} or {@code VirtualMachine.Builder} it
 * asks for that to be injected, and takes no attributes: which kernel it is, class and method say.
 *
 * <p>Do not close an injected lease: it is that of the whole class.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.FIELD})
@ExtendWith(KtstrExtension.class)
public @interface KtstrKernel {
    /**
     * Which kernel, as {@link dev.ktstr.cache.KernelSelector} reads it: {@code 6.12}, a key, {@code latest}. If empty, the
     * setting {@code ktstr.kernel}, then {@code KTSTR_KERNEL}, then {@code latest}.
     */
    String value() default "";

    /** What happens if there is no such kernel. */
    OnMissing onMissing() default OnMissing.DEFAULT;
}
