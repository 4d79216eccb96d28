package dev.ktstr.junit;

import dev.ktstr.KtstrException;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What is done before JUnit goes on: annotations are checked, then named locks taken, then the kernel leased, then disks
 * made, then machines.
 */
final class Preparation {
    private final ExtensionContext context;

    Preparation(ExtensionContext context) {
        this.context = context;
    }

    /** Why a class or method is disabled, if its own annotation wants that. */
    static Optional<String> reasonToDisable(ExtensionContext context) throws IOException {
        context.getElement().ifPresent(Declarations::checkSelectors);
        if (KernelMatrix.on(context).isPresent()
                && Stored.nearest(context, KernelRun.class).isEmpty()) {
            return KernelMatrix.in(context).reasonToDisable();
        }
        KernelChoice choice = KernelChoice.in(context);
        return choice.isDeclared() && choice.holder().equals(context)
                ? choice.reasonToDisable(Host.of(context))
                : Optional.empty();
    }

    void forClass() throws IOException {
        orAbort(() -> {
            Class<?> testClass = context.getRequiredTestClass();
            begin(testClass);
            leaseIfDeclared();
            Injector injector = new Injector(context);
            injector.fillDisks(testClass, null);
            injector.fillOthers(testClass, null);
        });
    }

    /** Comes before everything that is of the class, its only instance too; the second time it finds all done. */
    private void begin(Class<?> testClass) throws IOException {
        KernelMatrix.refuseCompanions(testClass);
        Declarations.checkBuilt(testClass);
        Declarations.checkSelectors(testClass);
        Declarations.check(testClass);
        NamedLocks.check(testClass);
        refuseInheritedFields(testClass);
        new NamedLocks(testClass, TestScope.of(context)).take();
    }

    /** Two subclasses at once would fill the same fields. */
    private void refuseInheritedFields(Class<?> testClass) {
        if (runsConcurrently(each -> each.getTestClass().isPresent())) {
            Declarations.fields(testClass, true).stream()
                    .filter(field -> field.getDeclaringClass() != testClass)
                    .findFirst()
                    .ifPresent(field -> {
                        throw Declarations.inherited(field, testClass);
                    });
        }
    }

    /** Whether this context, or one around it, runs beside others, as far out as the condition holds. */
    private boolean runsConcurrently(Predicate<ExtensionContext> condition) {
        return Stored.outwards(context)
                .takeWhile(condition)
                .anyMatch(each -> each.getExecutionMode() == ExecutionMode.CONCURRENT);
    }

    void forRun() throws IOException {
        orAbort(this::leaseIfDeclared);
    }

    void forConstructor(Class<?> testClass) throws IOException {
        if (!Configuration.in(context).runsOnLinux()) {
            return; // JUnit makes instances before it asks whether a method is disabled
        }
        orAbort(() -> {
            if (context.getTestMethod().isEmpty()) {
                begin(context.getRequiredTestClass()); // one instance for the class, made before @BeforeAll
            }
            // JUnit lets it have only one; compilers of other languages add synthetic ones.
            for (Constructor<?> constructor : testClass.getDeclaredConstructors()) {
                if (!constructor.isSynthetic() && Injector.isAnyOurs(constructor)) {
                    new Injector(context).prepare(constructor);
                }
            }
        });
    }

    void forTest() throws IOException {
        orAbort(() -> {
            Method method = context.getRequiredTestMethod();
            KernelMatrix.refuseCompanions(method);
            Declarations.checkSelectors(method);
            Injector.check(method);
            NamedLocks.check(method);
            new NamedLocks(method, TestScope.of(context)).take();
            leaseIfDeclared();
            inject(method);
        });
    }

    private void inject(Method method) throws IOException {
        Injector injector = new Injector(context);
        for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
            requireInstanceOfItsOwn(instance);
            injector.fillDisks(instance.getClass(), instance);
        }
        injector.prepare(method);
        for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
            injector.fillOthers(instance.getClass(), instance);
        }
    }

    /** Two tests at once would fill the same fields. */
    private void requireInstanceOfItsOwn(Object instance) {
        boolean isShared = Stored.outwards(context).anyMatch(each -> isShared(instance, each));
        if (isShared && runsConcurrently(each -> !isShared(instance, each))) {
            Declarations.fields(instance.getClass(), false).stream().findFirst().ifPresent(field -> {
                throw Declarations.shared(field);
            });
        }
    }

    /** Whether an instance is that of a class, or of one around it, rather than of a test method. */
    private static boolean isShared(Object instance, ExtensionContext context) {
        return context.getTestMethod().isEmpty()
                && context.getTestInstances().stream()
                        .flatMap(instances -> instances.getAllInstances().stream())
                        .anyMatch(each -> each == instance);
    }

    private void leaseIfDeclared() throws IOException {
        KernelChoice choice = KernelChoice.in(context);
        if (choice.isDeclared()) {
            choice.lease();
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private void orAbort(Work work) throws IOException {
        try {
            work.run();
        } catch (KtstrException failed) {
            throw Missing.unlessAborted(failed, KernelChoice.in(context).policy(Host.of(context)));
        }
    }
}
