package dev.ktstr.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A virtual machine, on a parameter or field of type {@link dev.ktstr.vm.VirtualMachine}: with the kernel that applies
 * there, and the disks of the class, then of the test, in the order in which they are declared ({@code /dev/vda},
 * {@code /dev/vdb}): fields, then parameters of the test method. What a test starts and does not close is closed with it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER, ElementType.FIELD, ElementType.ANNOTATION_TYPE})
@ExtendWith(KtstrExtension.class)
public @interface KtstrVm {
    /** As people write it: {@code 512M}, {@code 1GiB}. */
    String memory() default "512M";

    /** How many virtual processors. */
    int cpus() default 2;

    /**
     * Whether it is to have a CPU of this machine for each virtual processor to itself, for measurements say. They are reserved for all such
     * machines of the test together, when the first of them starts, and until the test is over; others who reserve CPUs, in
     * whichever process, wait for that. They wait up to five minutes, and so does the test. More than this machine has are missing, see
     * {@link KtstrKernel#onMissing}.
     */
    boolean exclusiveCpus() default false;

    /** From the start of QEMU until the command has ended, such as {@code 30s} or {@code 5m}. */
    String timeout() default "2m";
}
