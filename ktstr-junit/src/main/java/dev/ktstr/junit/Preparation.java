package dev.ktstr.junit;

import dev.ktstr.KtstrException;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.Optional;
import org.junit.jupiter.api.TestInstance;
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
        Optional<KtstrKernels> matrix = KernelMatrix.on(context);
        if (matrix.isPresent() && Stored.nearest(context, KernelRun.class).isEmpty()) {
            return new KernelMatrix(matrix.get(), Host.of(context)).reasonToDisable();
        }
        KernelChoice choice = KernelChoice.in(context);
        return choice.isDeclared() && choice.holder().equals(context)
                ? choice.reasonToDisable(Host.of(context))
                : Optional.empty();
    }

    void forClass() throws IOException {
        orAbort(() -> {
            Class<?> testClass = context.getRequiredTestClass();
            KernelMatrix.refuseCompanions(testClass);
            Declarations.check(testClass);
            new NamedLocks(testClass, TestScope.of(context)).take();
            leaseIfDeclared();
            Injector injector = new Injector(context);
            injector.fillDisks(testClass, null);
            injector.fillOthers(testClass, null);
        });
    }

    void forRun() throws IOException {
        orAbort(this::leaseIfDeclared);
    }

    void forConstructor(Class<?> testClass) throws IOException {
        orAbort(() -> {
            // JUnit lets it have only one; compilers of other languages add synthetic ones.
            for (Constructor<?> constructor : testClass.getDeclaredConstructors()) {
                if (!constructor.isSynthetic()) {
                    new Injector(context).prepare(constructor);
                }
            }
        });
    }

    void forTest() throws IOException {
        orAbort(() -> {
            Method method = context.getRequiredTestMethod();
            KernelMatrix.refuseCompanions(method);
            Injector.check(method);
            new NamedLocks(method, TestScope.of(context)).take();
            leaseIfDeclared();
            inject(method);
        });
    }

    private void inject(Method method) throws IOException {
        Injector injector = new Injector(context);
        for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
            requireInstanceOfItsOwn(instance.getClass());
            injector.fillDisks(instance.getClass(), instance);
        }
        injector.prepare(method);
        for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
            injector.fillOthers(instance.getClass(), instance);
        }
    }

    /** Two tests at once would fill the same fields. */
    private void requireInstanceOfItsOwn(Class<?> type) {
        boolean isShared = context.getTestInstanceLifecycle().orElse(null) == TestInstance.Lifecycle.PER_CLASS;
        if (isShared && context.getExecutionMode() == ExecutionMode.CONCURRENT) {
            Declarations.fields(type, false).stream().findFirst().ifPresent(field -> {
                throw Declarations.shared(field);
            });
        }
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
