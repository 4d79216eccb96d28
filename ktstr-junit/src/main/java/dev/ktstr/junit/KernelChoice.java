package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.EntryException;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.KernelSelector;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Which kernel applies somewhere.
 *
 * @param selector what was asked for; empty if that is left to the settings
 * @param onMissing what whoever asked for it says
 * @param configuration that of the place where it applies
 * @param holder the context for which it is held
 * @param source who says so
 */
record KernelChoice(
        Optional<String> selector,
        OnMissing onMissing,
        Configuration configuration,
        ExtensionContext holder,
        Source source) {
    enum Source {
        /** An annotation or a built extension. */
        DECLARED,
        /** Nobody: it is the one for whoever needs any. */
        SETTINGS,
        /** A class with {@link KtstrKernels}, outside of its runs. */
        BETWEEN_RUNS
    }

    /** The nearest that is declared, outwards; else one for the outermost class. */
    static KernelChoice in(ExtensionContext context) {
        Configuration configuration = Configuration.in(context);
        return Stored.outwards(context)
                .flatMap(each -> declaredAt(each, configuration).stream())
                .findFirst()
                .orElseGet(() -> new KernelChoice(
                        Optional.empty(),
                        OnMissing.DEFAULT,
                        configuration,
                        outermostClass(context, configuration),
                        Source.SETTINGS));
    }

    private static Optional<KernelChoice> declaredAt(ExtensionContext context, Configuration configuration) {
        Optional<KernelRun> run = Stored.in(context, KernelRun.class);
        if (run.isPresent()) {
            return Optional.of(new KernelChoice(
                    Optional.of(run.get().selector()), run.get().onMissing(), configuration, context, Source.DECLARED));
        }
        Optional<KtstrKernels> several = KernelMatrix.on(context);
        if (several.isPresent()) {
            return Optional.of(new KernelChoice(
                    Optional.empty(), several.get().onMissing(), configuration, context, Source.BETWEEN_RUNS));
        }
        ExtensionContext holder = context.getTestMethod().isPresent() ? context : outermostAlike(context);
        Optional<KernelChoice> annotated = context.getElement()
                .flatMap(element -> Annotations.find(element, KtstrKernel.class))
                .map(annotation -> new KernelChoice(
                        Optional.of(annotation.value())
                                .filter(text -> !text.isEmpty())
                                .or(configuration::kernel),
                        annotation.onMissing(),
                        configuration,
                        holder,
                        Source.DECLARED));
        return annotated.or(() -> Stored.in(context, Configuration.class)
                .filter(built -> built.kernel().isPresent())
                .map(built ->
                        new KernelChoice(built.kernel(), built.onMissing(), configuration, holder, Source.DECLARED)));
    }

    /** For the same class: around the runs of a class template, so that they share one lock. */
    private static ExtensionContext outermostAlike(ExtensionContext context) {
        return Stored.outwards(context)
                .filter(each -> each.getElement().equals(context.getElement()))
                .reduce(context, (inner, outer) -> outer);
    }

    /** As far out as the stores are the same. */
    private static ExtensionContext outermostClass(ExtensionContext context, Configuration configuration) {
        return Stored.outwards(context)
                .takeWhile(each -> each.getTestClass().isPresent()
                        && Configuration.in(each).host().equals(configuration.host()))
                .reduce(context, (inner, outer) -> outer);
    }

    boolean isDeclared() {
        return source == Source.DECLARED;
    }

    /** The lease of the holder, taken if this is the first use. */
    KernelLease lease() throws IOException {
        if (source == Source.BETWEEN_RUNS) {
            throw Mistake.in(
                    KtstrKernels.class,
                    holder.getElement().orElseThrow(),
                    "what is static, and @BeforeAll and @AfterAll, is there once for all kernels, and asks for the one",
                    "ask for it in the constructor, in @BeforeEach, or in an instance field");
        }
        return TestScope.of(holder).lease(this);
    }

    /** Takes the lease for whoever needs it. */
    KernelLease take(Host host, String test) throws IOException {
        String text = text(host);
        try {
            return host.kernels().forTest(test).lease(KernelSelector.parse(text));
        } catch (EntryException unusable) {
            throw unusable.code() == ErrorCode.ENTRY_MISSING
                    ? Missing.kernel("holding a kernel for " + test, text, host)
                    : unusable;
        }
    }

    /** Why nothing can run with it, if it is not stored and that disables tests. */
    Optional<String> reasonToDisable(Host host) throws IOException {
        if (policy(host) != OnMissing.DISABLE) {
            return Optional.empty();
        }
        String text = text(host);
        return host.kernels().find(KernelSelector.parse(text)).isPresent() || Missing.isDamaged(text, host)
                ? Optional.empty()
                : Optional.of("no stored kernel matches \"" + text + "\" in "
                        + host.kernels().root());
    }

    OnMissing policy(Host host) throws KtstrException {
        return Missing.policy(onMissing, configuration, host);
    }

    private String text(Host host) throws KtstrException {
        return selector.isPresent() ? selector.get() : host.settings().kernel().orElse(KernelSelector.LATEST);
    }
}
