package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Parameter;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Gives fields and parameters of one context what they ask for. */
final class Injector {
    /** What its type alone asks for. */
    static final Set<Class<?>> BY_TYPE =
            Set.of(KernelEntry.class, KernelLease.class, KernelCache.class, VirtualMachine.Builder.class);

    private final ExtensionContext context;
    private final TestScope scope;

    Injector(ExtensionContext context) throws IOException {
        this.context = context;
        this.scope = TestScope.of(context);
    }

    static boolean isAnyOurs(Executable executable) {
        return Stream.of(executable.getParameters()).anyMatch(Injector::isOurs);
    }

    /** Whether a parameter is for us: disks and machines without their annotation, too, to say what is missing. */
    static boolean isOurs(Parameter parameter) {
        Class<?> type = parameter.getType();
        return BY_TYPE.contains(type)
                || type == TestDisk.class
                || type == VirtualMachine.class
                || Annotations.isOn(parameter, KtstrDisk.class)
                || Annotations.isOn(parameter, KtstrVm.class);
    }

    /**
     * Makes what can fail for lack of something: JUnit takes whatever is thrown later, while it resolves parameters, for a
     * failure.
     */
    void prepare(Executable executable) throws IOException {
        check(executable);
        for (Parameter parameter : executable.getParameters()) {
            Annotations.find(parameter, KtstrVm.class).ifPresent(annotation -> claim(parameter, annotation));
            if (isDisk(parameter, parameter.getType())) {
                value(parameter, parameter.getType());
            } else if (isOurs(parameter) && parameter.getType() != KernelCache.class) {
                KernelChoice.in(context).lease();
            }
        }
    }

    /** Refuses parameters that cannot be given anything, before anything is made for the others. */
    static void check(Executable executable) {
        for (Parameter parameter : executable.getParameters()) {
            Annotations.find(parameter, KtstrDisk.class)
                    .ifPresent(annotation -> Declarations.disk(annotation, parameter, parameter.getType()));
            Annotations.find(parameter, KtstrVm.class)
                    .ifPresent(annotation -> Declarations.check(annotation, parameter, parameter.getType()));
        }
    }

    /** Fills the fields for disks: static ones if there is no instance. To come before {@link #fillOthers}: machines get them. */
    void fillDisks(Class<?> testClass, @Nullable Object instance) throws IOException {
        fill(testClass, instance, true);
    }

    void fillOthers(Class<?> testClass, @Nullable Object instance) throws IOException {
        fill(testClass, instance, false);
    }

    private void fill(Class<?> testClass, @Nullable Object instance, boolean disks) throws IOException {
        for (Field field : Declarations.fields(testClass, instance == null)) {
            if (isDisk(field, field.getType()) == disks) {
                set(field, instance, value(field, field.getType()));
            }
        }
    }

    private static void set(Field field, @Nullable Object instance, Object value) {
        try {
            field.setAccessible(true);
            field.set(instance, value);
        } catch (IllegalAccessException notLet) {
            throw new IllegalStateException("setting " + Mistake.place(field), notLet);
        }
    }

    /** What a field or parameter is to be; the same disk, however often it is asked for. */
    Object value(AnnotatedElement where, Class<?> type) throws IOException {
        if (isDisk(where, type)) {
            DiskSpec spec = disk(where, type);
            try {
                return scope.disk(where, spec);
            } catch (DiskException refused) {
                if (refused.code() == ErrorCode.DISK_SPEC) {
                    throw Mistake.in(KtstrDisk.class, where, refused);
                }
                throw refused;
            }
        }
        if (type == KernelCache.class) {
            return scope.host().kernels().forTest(scope.test());
        }
        KernelLease lease = KernelChoice.in(context).lease();
        if (type == KernelEntry.class) {
            return lease.entry();
        }
        if (type == KernelLease.class) {
            return lease;
        }
        VirtualMachine.Builder builder = scope.machine(lease);
        if (type == VirtualMachine.Builder.class) {
            return builder;
        }
        Optional<KtstrVm> annotation = Annotations.find(where, KtstrVm.class);
        scope.allDisks().forEach(builder::disk);
        if (annotation.isPresent()) {
            claim(where, annotation.get());
            if (annotation.get().exclusiveCpus()) {
                builder.reservation(scope.exclusiveCpus().of(where));
            }
            return Declarations.machine(annotation.get(), where, builder);
        }
        requireBuiltExtension(KtstrVm.class, where);
        return builder.build();
    }

    private void claim(AnnotatedElement where, KtstrVm annotation) {
        if (annotation.exclusiveCpus()) {
            scope.exclusiveCpus().claim(where, annotation.cpus());
        }
    }

    private DiskSpec disk(AnnotatedElement where, Class<?> type) throws IOException {
        Optional<KtstrDisk> annotation = Annotations.find(where, KtstrDisk.class);
        if (annotation.isPresent()) {
            return Declarations.disk(annotation.get(), where, type);
        }
        requireBuiltExtension(KtstrDisk.class, where);
        Optional<DiskSpec> chosen = Configuration.in(context).disk();
        return chosen.isPresent() ? chosen.get() : DiskSpec.builder().build();
    }

    /** Without one, an annotation says what is wanted. */
    private void requireBuiltExtension(Class<? extends Annotation> annotation, AnnotatedElement where) {
        if (!Configuration.in(context).isExplicit()) {
            throw Mistake.in(annotation, where, "it is not there", "put @" + annotation.getSimpleName() + " before it");
        }
    }

    private static boolean isDisk(AnnotatedElement where, Class<?> type) {
        return type == TestDisk.class || Annotations.isOn(where, KtstrDisk.class);
    }
}
