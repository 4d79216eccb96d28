package dev.ktstr.junit;

import dev.ktstr.Durations;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.commons.support.AnnotationSupport;

/** Reads annotations on fields and parameters, and refuses what they cannot mean. Touches nothing else. */
final class Declarations {
    private static final List<Class<? extends Annotation>> OF_FIELDS =
            List.of(KtstrDisk.class, KtstrVm.class, KtstrKernel.class);

    private Declarations() {}

    static DiskSpec disk(KtstrDisk annotation, AnnotatedElement where, Class<?> type) {
        requireType(KtstrDisk.class, where, type, TestDisk.class);
        try {
            return DiskSpec.builder()
                    .filesystem(annotation.filesystem())
                    .size(annotation.size())
                    .label(annotation.label())
                    .cloneMode(annotation.cloneMode())
                    .build();
        } catch (DiskException noSuchDisk) {
            throw Mistake.in(KtstrDisk.class, where, noSuchDisk);
        }
    }

    /** The machine of an annotation: {@code builder} has kernel and disks. */
    static VirtualMachine machine(KtstrVm annotation, AnnotatedElement where, VirtualMachine.Builder builder) {
        try {
            return configure(annotation, where, builder).build();
        } catch (VmException noSuchMachine) {
            throw Mistake.in(KtstrVm.class, where, noSuchMachine);
        }
    }

    private static VirtualMachine.Builder configure(
            KtstrVm annotation, AnnotatedElement where, VirtualMachine.Builder builder) throws VmException {
        return builder.memory(annotation.memory())
                .cpus(annotation.cpus())
                .timeout(duration(annotation.timeout(), KtstrVm.class, where));
    }

    /** Refuses selectors that mean nothing, of a class or method. */
    static void checkSelectors(AnnotatedElement element) {
        Annotations.find(element, KtstrKernel.class)
                .filter(annotation -> !annotation.value().isEmpty())
                .ifPresent(annotation -> checkSelector(annotation.value(), KtstrKernel.class, element));
        Annotations.find(element, KtstrKernels.class)
                .ifPresent(annotation -> Stream.of(annotation.value())
                        .forEach(each -> checkSelector(each, KtstrKernels.class, element)));
    }

    private static void checkSelector(
            String selector, Class<? extends Annotation> annotation, AnnotatedElement element) {
        try {
            KernelSelector.parse(selector);
        } catch (KtstrException malformed) {
            throw Mistake.in(annotation, element, "its value: ", malformed);
        }
    }

    /** Refuses two built extensions in one class: which of them it is to be, nothing says. */
    static void checkBuilt(Class<?> testClass) {
        List<Field> fields = AnnotationSupport.findAnnotatedFields(
                testClass, RegisterExtension.class, field -> field.getType() == KtstrExtension.class);
        if (fields.size() > 1) {
            throw Mistake.in(
                    RegisterExtension.class,
                    fields.get(1),
                    Mistake.place(fields.get(0)) + " has a KtstrExtension, too, and " + testClass.getName()
                            + " can have only one",
                    "keep one of them, or put the tests that need the other into a nested class");
        }
    }

    static Duration duration(String text, Class<? extends Annotation> annotation, AnnotatedElement where) {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException noDuration) {
            throw Mistake.in(annotation, where, "its timeout: " + noDuration.getMessage(), Durations.EXAMPLES);
        }
    }

    /** The fields of a class and its superclasses that are to be filled, in order of declaration, the superclass's first. */
    static List<Field> fields(Class<?> testClass, boolean isStatic) {
        List<Field> fields = new ArrayList<>();
        for (Class<?> type = testClass; type != null && type != Object.class; type = type.getSuperclass()) {
            fields.addAll(
                    0,
                    Stream.of(type.getDeclaredFields())
                            .filter(field -> Modifier.isStatic(field.getModifiers()) == isStatic)
                            .filter(field ->
                                    OF_FIELDS.stream().anyMatch(annotation -> Annotations.isOn(field, annotation)))
                            .toList());
        }
        return fields;
    }

    /** Refuses fields that cannot be filled, before anything is made for those that can. */
    static void check(Class<?> testClass) {
        Stream.of(true, false)
                .flatMap(isStatic -> fields(testClass, isStatic).stream())
                .forEach(Declarations::check);
    }

    private static void check(Field field) {
        Annotations.find(field, KtstrDisk.class).ifPresent(annotation -> disk(annotation, field, field.getType()));
        Annotations.find(field, KtstrVm.class).ifPresent(annotation -> check(annotation, field, field.getType()));
        Annotations.find(field, KtstrKernel.class).ifPresent(annotation -> check(annotation, field));
        if (Modifier.isFinal(field.getModifiers())) {
            throw Mistake.in(
                    annotation(field), field, "the field is final, and cannot be given a value", "remove final");
        }
    }

    /** For a field that tests which run at the same time have in common. */
    static ExtensionConfigurationException shared(Field field) {
        return Mistake.in(
                annotation(field),
                field,
                "tests run at the same time on one instance (@TestInstance(PER_CLASS), @Execution(CONCURRENT)), and each"
                        + " would put its own there",
                "make it a parameter of the test methods, or leave out one of the two");
    }

    /** For a static field that classes which run at the same time inherit. */
    static ExtensionConfigurationException inherited(Field field, Class<?> testClass) {
        return Mistake.in(
                annotation(field),
                field,
                testClass.getName() + " inherits it and runs at the same time as other classes"
                        + " (@Execution(CONCURRENT)), and each subclass would put its own there",
                "declare it in the test class itself, make it no static field, or have the classes run one after the other"
                        + " (@Execution(SAME_THREAD))");
    }

    private static Class<? extends Annotation> annotation(Field field) {
        return OF_FIELDS.stream()
                .filter(each -> Annotations.isOn(field, each))
                .findFirst()
                .orElseThrow();
    }

    /** What can be told without a kernel. */
    static void check(KtstrVm annotation, AnnotatedElement where, Class<?> type) {
        requireType(KtstrVm.class, where, type, VirtualMachine.class);
        try {
            configure(annotation, where, VirtualMachine.builder()).check();
        } catch (VmException noSize) {
            throw Mistake.in(KtstrVm.class, where, noSize);
        }
    }

    private static void check(KtstrKernel annotation, Field field) {
        if (!Injector.BY_TYPE.contains(field.getType())) {
            throw Mistake.in(
                    KtstrKernel.class,
                    field,
                    "a " + field.getType().getName() + " is nothing that it can give",
                    "make it a KernelEntry, KernelLease, KernelCache or VirtualMachine.Builder, or use @KtstrDisk for a"
                            + " TestDisk, @KtstrVm for a VirtualMachine");
        }
        if (!annotation.value().isEmpty() || annotation.onMissing() != OnMissing.DEFAULT) {
            throw Mistake.in(
                    KtstrKernel.class,
                    field,
                    "which kernel a test has, its class or method says, not a field",
                    "leave its attributes out here, and put @KtstrKernel on the class, too");
        }
    }

    private static void requireType(
            Class<? extends Annotation> annotation, AnnotatedElement where, Class<?> actual, Class<?> wanted) {
        if (actual != wanted) {
            throw Mistake.in(
                    annotation,
                    where,
                    "its type is " + actual.getName() + ", and this annotation gives a " + wanted.getName(),
                    "make it a " + wanted.getSimpleName() + ", or remove the annotation");
        }
    }
}
