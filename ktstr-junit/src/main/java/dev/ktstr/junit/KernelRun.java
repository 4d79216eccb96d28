package dev.ktstr.junit;

import java.util.List;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContext;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;

/**
 * One run of a class or method that has {@link KtstrKernels}.
 *
 * @param selector the key of an entry; or what was asked for, if nothing matches that
 * @param name how a person tells it from the other runs
 * @param isStored whether it was, when the runs were counted
 */
record KernelRun(String selector, String name, boolean isStored, OnMissing onMissing)
        implements ClassTemplateInvocationContext, TestTemplateInvocationContext {
    @Override
    public String getDisplayName(int invocationIndex) {
        return "kernel " + name;
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
        return List.of(); // they would come after the one that needs to know of this
    }

    @Override
    public void prepareInvocation(ExtensionContext context) {
        Stored.put(context, KernelRun.class, this);
    }
}
