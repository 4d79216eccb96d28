package dev.ktstr.junit;

import dev.ktstr.Environment;
import dev.ktstr.disk.DiskSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeClassTemplateInvocationCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContext;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContextProvider;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.opentest4j.TestAbortedException;

/**
 * The extension behind the annotations of this package, which register it. It can be registered without them, too:
 *
 * <pre>
 * &#64;RegisterExtension
 * static final KtstrExtension ktstr = KtstrExtension.builder().kernel("6.12").build();
 * </pre>
 *
 * <p>Then kernels, {@code TestDisk} and {@code VirtualMachine} are injected into parameters by their types alone; beside
 * annotations, a static field is needed, and what an annotation says stands. Holds no state of its own: safe under parallel
 * execution.
 */
public final class KtstrExtension
        implements BeforeAllCallback,
                BeforeClassTemplateInvocationCallback,
                BeforeEachCallback,
                ClassTemplateInvocationContextProvider,
                ExecutionCondition,
                InvocationInterceptor,
                LifecycleMethodExecutionExceptionHandler,
                ParameterResolver,
                TestExecutionExceptionHandler,
                TestInstancePreConstructCallback,
                TestTemplateInvocationContextProvider {
    private static final ConditionEvaluationResult ENABLED =
            ConditionEvaluationResult.enabled("nothing that ktstr needs is known to be missing");

    private final Configuration configuration;

    /** For JUnit, which makes one for the annotations. */
    public KtstrExtension() {
        this(Configuration.ofAnnotations());
    }

    private KtstrExtension(Configuration configuration) {
        this.configuration = configuration;
    }

    Configuration configuration() {
        return configuration;
    }

    /** An extension that says in code what annotations would say. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (!leads(context)) {
            return ENABLED;
        }
        if (!Configuration.in(context).runsOnLinux()) {
            return ConditionEvaluationResult.disabled("ktstr runs tests on Linux, and this is "
                    + Configuration.in(context).environment().operatingSystem());
        }
        try {
            return Preparation.reasonToDisable(context)
                    .map(ConditionEvaluationResult::disabled)
                    .orElse(ENABLED);
        } catch (IOException failed) {
            throw new ExtensionConfigurationException(String.valueOf(failed.getMessage()), failed);
        }
    }

    @Override
    public boolean supportsClassTemplate(ExtensionContext context) {
        return leads(context) && KernelMatrix.on(context).isPresent();
    }

    @Override
    public Stream<? extends ClassTemplateInvocationContext> provideClassTemplateInvocationContexts(
            ExtensionContext context) {
        return KernelMatrix.runs(context);
    }

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return leads(context) && KernelMatrix.on(context).isPresent();
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        return KernelMatrix.runs(context).map(TestTemplateInvocationContext.class::cast);
    }

    /** Disks of a constructor's parameters are those of the test method that the instance is made for. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext rootContext) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        if (leads(context)) {
            new Preparation(context).forClass();
        }
    }

    @Override
    public void beforeClassTemplateInvocation(ExtensionContext context) throws Exception {
        if (leads(context)) {
            new Preparation(context).forRun();
        }
    }

    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factoryContext, ExtensionContext context)
            throws Exception {
        if (leads(context)) {
            new Preparation(context).forConstructor(factoryContext.getTestClass());
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        if (leads(context)) {
            new Preparation(context).forTest();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return Injector.isOurs(parameter.getParameter()) && leads(context);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        try {
            Injector injector = new Injector(context);
            injector.prepare(parameter.getDeclaringExecutable());
            return injector.value(
                    parameter.getParameter(), parameter.getParameter().getType());
        } catch (IOException failed) {
            throw new ParameterResolutionException(String.valueOf(failed.getMessage()), failed);
        }
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw orAborted(context, thrown);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw orAborted(context, thrown);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw orAborted(context, thrown);
    }

    @Override
    public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw orAborted(context, thrown);
    }

    @Override
    public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw orAborted(context, thrown);
    }

    /** Failures of dynamic tests are theirs alone: the context of their factory knows nothing of them. */
    @Override
    public void interceptDynamicTest(
            Invocation<@Nullable Void> invocation,
            DynamicTestInvocationContext invocationContext,
            ExtensionContext context)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (Throwable thrown) {
            if (leads(context) && !(thrown instanceof TestAbortedException)) {
                Missing.abortInsteadOf(thrown, context);
                ExtensionContext factory = factory(context);
                TestScope scope = TestScope.of(factory);
                scope.noteFailure();
                Evidence evidence = new Evidence(scope, factory);
                evidence.announceFiles();
                evidence.attachTo(thrown);
            }
            throw thrown;
        }
    }

    /** Dynamic containers may be between the two. */
    private static ExtensionContext factory(ExtensionContext dynamic) {
        return Stored.outwards(dynamic)
                .filter(each -> each.getTestMethod().isPresent())
                .findFirst()
                .orElse(dynamic);
    }

    private Throwable orAborted(ExtensionContext context, Throwable thrown) throws IOException {
        if (leads(context)) {
            Missing.abortInsteadOf(thrown, context);
        }
        return thrown;
    }

    /**
     * Whether it is this object that works here: annotations and a field may have registered one each. Also tells the others
     * what this one was built with.
     */
    private boolean leads(ExtensionContext context) {
        Configuration.announceFields(context);
        if (configuration.isExplicit()) {
            configuration.announce(context);
        }
        return Stored.shared(context, "leader", KtstrExtension.class, () -> this) == this;
    }

    /** Collects an extension. Not for several threads. */
    public static final class Builder {
        private @Nullable String kernel;
        private OnMissing onMissing = OnMissing.DEFAULT;
        private @Nullable DiskSpec disk;
        private @Nullable Path cacheDirectory;
        private Path preparedSettings = Settings.PREPARED;
        private Environment environment = Environment.system();

        private Builder() {}

        /** As {@link KtstrKernel#value}: held while the class runs. Without it, one is held from its first use. */
        public Builder kernel(String selector) {
            this.kernel = selector;
            return this;
        }

        /** As {@link KtstrKernel#onMissing}. */
        public Builder onMissing(OnMissing policy) {
            this.onMissing = policy;
            return this;
        }

        /** What a {@code TestDisk} parameter without {@link KtstrDisk} gets; otherwise ext4 of 512 MiB. */
        public Builder disk(DiskSpec spec) {
            this.disk = spec;
            return this;
        }

        /** Where kernels and templates are, whatever is set. */
        public Builder cacheDirectory(Path directory) {
            this.cacheDirectory = directory.toAbsolutePath();
            return this;
        }

        /** Another environment than this process's. */
        Builder environment(Environment other) {
            this.environment = other;
            return this;
        }

        Builder preparedSettings(Path file) {
            this.preparedSettings = file;
            return this;
        }

        public KtstrExtension build() {
            return new KtstrExtension(
                    new Configuration(true, kernel, onMissing, disk, cacheDirectory, preparedSettings, environment));
        }
    }
}
