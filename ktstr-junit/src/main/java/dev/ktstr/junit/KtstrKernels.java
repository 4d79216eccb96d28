package dev.ktstr.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.ClassTemplate;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs a class, or a method, once for each of several kernels; otherwise as {@link KtstrKernel}. On a method it stands in
 * place of {@code @Test}; for a parameterized or repeated test, or a test factory, put it on the class.
 *
 * <p>What is static, {@code @BeforeAll} and {@code @AfterAll} are there once for all runs of a class (so JUnit has it for
 * every class template), and cannot ask for the kernel.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ClassTemplate
@TestTemplate
@ExtendWith(KtstrExtension.class)
public @interface KtstrKernels {
    /**
     * Which kernels: a range ({@code 6.1..6.12}) means every kernel in it, anything else the one that
     * {@link dev.ktstr.cache.KernelSelector} takes. One that is named twice runs once. If empty, the setting
     * {@code ktstr.kernels} (separated by commas), then {@code KTSTR_KERNEL_LIST}, then every kernel of this machine's
     * architecture.
     */
    String[] value() default {};

    /** What happens if there is no such kernel: to the run that was meant for it, the others go on. */
    OnMissing onMissing() default OnMissing.DEFAULT;
}
